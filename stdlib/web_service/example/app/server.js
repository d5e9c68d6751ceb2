require("http").createServer((_, response) => response.end("Hello\n")).listen(8080)
