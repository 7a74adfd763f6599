import fleet from './fleet.js';

export const { Fleet, createFleet } = fleet;
