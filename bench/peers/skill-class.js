'use strict';

/*
 * A small imitation of the JavaScript skill `websocket-reconnect` 1.0.0 on `ws`, to compare with.
 *
 * It is not the skill: it follows the skill's behaviour as it was measured (states, events and their
 * order, heartbeat by `setInterval`, every message parsed in search of a pong, a circuit that opens for
 * good), with the skill's names and defaults, and leaves out what the comparison does not touch. What it
 * costs is next to nothing beside what `ws` and the timers cost.
 */

const WebSocket = require('ws');

const DEFAULTS = {
  protocols: [],
  websocketOptions: {},
  maxRetries: 10,
  baseDelay: 1000,
  maxDelay: 30000,
  multiplier: 2,
  jitter: 0.1,
  heartbeatInterval: 30000,
  heartbeatTimeout: 5000,
  heartbeatMessage: { type: 'ping' },
};
const CIRCUIT = { failureThreshold: 5, resetTimeout: 60000, halfOpenMaxRequests: 3 };

class WebSocketReconnect {
  constructor(options) {
    Object.assign(this, DEFAULTS, options);
    this.circuitBreaker = { ...CIRCUIT, ...options.circuitBreaker };
    this.ws = null;
    this.state = 'CLOSED';
    this.circuitState = 'CLOSED';
    this.retryCount = 0;
    this.circuitFailures = 0;
    this.manualClose = false;
    this.lastActivity = Date.now();
    this.handlers = new Map();
    this.heartbeatTimer = null;
    this.heartbeatTimeoutTimer = null;
  }

  connect() {
    if (this.manualClose) return Promise.reject(new Error('Connection manually closed'));
    if (this.circuitState === 'OPEN') return Promise.reject(new Error('Circuit breaker is OPEN'));
    return new Promise((resolve) => {
      this.setState('CONNECTING');
      this.ws = new WebSocket(this.url, this.protocols, this.websocketOptions);
      this.ws.onopen = () => {
        this.handleOpen();
        resolve();
      };
      this.ws.onmessage = (event) => this.handleMessage(event);
      this.ws.onclose = (event) => this.handleClose(event);
      this.ws.onerror = (event) => this.handleError(event.error);
    });
  }

  send(data) {
    if (this.state !== 'OPEN') throw new Error('WebSocket is not connected');
    this.ws.send(data);
    this.lastActivity = Date.now();
  }

  close(code = 1000, reason = 'Normal closure') {
    this.manualClose = true;
    this.setState('CLOSING');
    this.stopHeartbeat();
    if (this.ws) this.ws.close(code, reason);
  }

  handleOpen() {
    this.retryCount = 0;
    this.lastActivity = Date.now();
    this.setState('OPEN');
    this.startHeartbeat();
    this.emit('open');
  }

  handleMessage(event) {
    this.lastActivity = Date.now();
    if (this.isPong(event.data)) {
      clearTimeout(this.heartbeatTimeoutTimer);
      this.heartbeatTimeoutTimer = null;
      return;
    }
    this.emit('message', event);
  }

  isPong(data) {
    try {
      return JSON.parse(data).type === 'pong';
    } catch {
      return false;
    }
  }

  handleClose({ code, reason, wasClean }) {
    this.stopHeartbeat();
    this.setState('CLOSED');
    this.emit('close', { code, reason, wasClean });
    if (!this.manualClose && this.circuitState !== 'OPEN') this.scheduleRetry();
  }

  handleError(error) {
    this.circuitFailures += 1;
    this.emit('error', error);
    if (this.circuitFailures >= this.circuitBreaker.failureThreshold) this.openCircuit();
  }

  scheduleRetry() {
    if (this.retryCount >= this.maxRetries) {
      this.emit('stateChange', 'FAILED');
      this.emit('close', {
        code: 'MAX_RETRIES',
        reason: `Maximum retry attempts (${this.maxRetries}) exceeded`,
      });
      return;
    }
    const delay = this.calculateDelay(this.retryCount);
    this.retryCount += 1;
    this.emit('retry', { attempt: this.retryCount, delay, maxRetries: this.maxRetries });
    setTimeout(() => this.connect().catch(() => {}), delay);
  }

  calculateDelay(attempt) {
    const delay = Math.min(this.baseDelay * this.multiplier ** attempt, this.maxDelay);
    return Math.floor(delay + delay * this.jitter * (Math.random() * 2 - 1));
  }

  startHeartbeat() {
    if (this.heartbeatInterval > 0)
      this.heartbeatTimer = setInterval(() => this.sendHeartbeat(), this.heartbeatInterval);
  }

  stopHeartbeat() {
    clearInterval(this.heartbeatTimer);
    clearTimeout(this.heartbeatTimeoutTimer);
  }

  sendHeartbeat() {
    if (this.state !== 'OPEN') return;
    const { heartbeatMessage } = this;
    this.send(typeof heartbeatMessage === 'string' ? heartbeatMessage : JSON.stringify(heartbeatMessage));
    clearTimeout(this.heartbeatTimeoutTimer);
    this.heartbeatTimeoutTimer = setTimeout(() => {
      this.handleError(new Error('Heartbeat timeout - connection appears stale'));
      this.ws.close();
    }, this.heartbeatTimeout);
  }

  openCircuit() {
    this.circuitState = 'OPEN';
    this.emit('circuitChange', 'OPEN');
    setTimeout(() => {
      this.circuitState = 'HALF-OPEN';
      this.emit('circuitChange', 'HALF-OPEN');
    }, this.circuitBreaker.resetTimeout);
  }

  setState(state) {
    if (this.state === state) return;
    this.state = state;
    this.emit('stateChange', state);
  }

  on(event, handler) {
    if (!this.handlers.has(event)) this.handlers.set(event, []);
    this.handlers.get(event).push(handler);
    return this;
  }

  emit(event, detail) {
    for (const handler of this.handlers.get(event) || []) handler(detail);
  }
}

module.exports = { WebSocketReconnect };
