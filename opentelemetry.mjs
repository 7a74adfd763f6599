import native from './opentelemetry.js';

export const { instrument } = native;
