var http = require('http');

http.createServer(function (request, response) {
  response.writeHead(200, { 'Content-Type': 'text/plain' });
  response.end('ponyfoo ' + process.env.NODE_ENV + '\n');
}).listen(3000);
