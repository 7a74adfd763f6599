import testing from './testing.js';

export const { VirtualLink, createServer } = testing;
