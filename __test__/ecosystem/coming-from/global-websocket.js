function connect() {
  const ws = new WebSocket('ws://127.0.0.1:8080', 'chat');
  ws.binaryType = 'arraybuffer';
  ws.onopen = () => ws.send('hello');
  ws.onmessage = (event) => console.log('received', event.data);
  ws.onclose = () => setTimeout(connect, 1000);
}

connect();
