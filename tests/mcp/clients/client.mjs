// @modelcontextprotocol/client 2.x: `legacy`, `auto`, or pinned to a revision (the last argument).
import {Client, StreamableHTTPClientTransport} from '@modelcontextprotocol/client';
import {play, requestInit, url} from './scenario.mjs';

const asked = process.argv[5];
const mode = ['legacy', 'auto'].includes(asked) ? asked : {pin: asked};
const client = new Client({name: 'client-2', version: '1'}, {versionNegotiation: {mode}});
await client.connect(new StreamableHTTPClientTransport(new URL(url), {requestInit}));
console.log(JSON.stringify(await play(client)));
