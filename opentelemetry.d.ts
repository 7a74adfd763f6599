import type { MeterProvider, TracerProvider } from '@opentelemetry/api';

/** Who takes what is measured; the global ones are the default. */
export interface InstrumentOptions {
  meterProvider?: MeterProvider;
  tracerProvider?: TracerProvider;
}

/**
 * Has OpenTelemetry see all clients of this thread, from their next attempt on: metrics `websocket.client.*`, and a span for each attempt.
 * What it returns ends that. `@opentelemetry/api` has to be installed.
 *
 * ```ts
 * import { instrument } from 'websocket-reconnect-native/opentelemetry';
 *
 * const stop = instrument();
 * stop();
 * ```
 */
export function instrument(options?: InstrumentOptions): () => void;
