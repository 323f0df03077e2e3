// @modelcontextprotocol/sdk 1.x: `initialize` at 2025-11-25 and a session.
import {Client} from '@modelcontextprotocol/sdk/client/index.js';
import {StreamableHTTPClientTransport} from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {play, requestInit, url} from './scenario.mjs';

const client = new Client({name: 'sdk-1', version: '1'});
await client.connect(new StreamableHTTPClientTransport(new URL(url), {requestInit}));
console.log(JSON.stringify(await play(client)));
