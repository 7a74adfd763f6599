'use strict';

/*
 * Shows Prometheus what the clients of this process do: `npm i @opentelemetry/api @opentelemetry/sdk-metrics @opentelemetry/exporter-prometheus`, then
 *
 *   node examples/prometheus.js ws://127.0.0.1:8080 9464
 *
 * and `curl http://127.0.0.1:9464/metrics`. Any server does, such as `node examples/servers/chat-server.js 8080`.
 */

const { MeterProvider } = require('@opentelemetry/sdk-metrics');
const { PrometheusExporter } = require('@opentelemetry/exporter-prometheus');
const { WebSocketReconnect } = require('../index.js'); // yours: require('websocket-reconnect-native')
const { instrument } = require('../opentelemetry.js'); // yours: require('websocket-reconnect-native/opentelemetry')

const [url = 'ws://127.0.0.1:8080', port = '9464'] = process.argv.slice(2);

const exporter = new PrometheusExporter({ host: '127.0.0.1', port: Number(port) }, () =>
  console.log(`http://127.0.0.1:${port}/metrics`),
);
// Before the first client: what one did until then is not seen.
instrument({ meterProvider: new MeterProvider({ readers: [exporter] }) });

const ws = new WebSocketReconnect({ url, heartbeatMode: 'ping' });
ws.on('open', () => ws.send('hello'));
ws.on('error', ({ message }) => console.error(message));
ws.connect();
