importScripts("http://localhost:8970/sdk/v1/worker.js");
