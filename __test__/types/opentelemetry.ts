import { metrics, trace } from '@opentelemetry/api';
import { instrument } from 'websocket-reconnect-native/opentelemetry';

const stop: () => void = instrument();
stop();
instrument({ meterProvider: metrics.getMeterProvider(), tracerProvider: trace.getTracerProvider() });

// @ts-expect-error: a tracer's provider is no meter's
instrument({ meterProvider: trace.getTracerProvider() });
// @ts-expect-error: there is no such option
instrument({ clients: [] });
