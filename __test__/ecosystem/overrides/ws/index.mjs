export * from '../../../../ws.mjs';
export { default } from '../../../../ws.mjs';
