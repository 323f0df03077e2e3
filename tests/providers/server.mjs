// npm `oidc-provider` on a free loopback port, for tests alone: anybody signs in with any password.
//
// Says `{"url": …}` on stdout once it listens. Each line on stdin is a command, answered by a line:
// `rotate` signs with a new key and publishes the old one too, `withdraw` publishes the new one alone.
// It ends when stdin does, so it never outlives whoever started it.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

// an `import` would look beside this file only; the folder of node_modules is an argument
const [folder, redirectUri] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${folder}/package.json`));
const { Provider } = await import(pathToFileURL(require.resolve('oidc-provider')));

const TOKEN_SECONDS = 1200; // longer than the broker believes a key that was withdrawn
const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';
const cookieKey = randomBytes(16).toString('hex');
let made = 0;

function newKey() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  made += 1;
  return { ...privateKey.export({ format: 'jwk' }), kid: `op-${made}`, alg: 'ES256', use: 'sig' };
}

const clients = [
  {
    client_id: 'valetkey-cli', // people: a native client keeps no secret, RFC 8252
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token', DEVICE_CODE],
    response_types: ['code'],
    redirect_uris: [redirectUri],
    id_token_signed_response_alg: 'ES256',
  },
  {
    client_id: 'orchestrator', // the platform: an actor
    client_secret: 'secret-of-a-test-orchestrator',
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
    id_token_signed_response_alg: 'ES256',
  },
];

function configuration(keys) {
  return {
    clients,
    jwks: { keys },
    cookies: { keys: [cookieKey] },
    ttl: { AccessToken: TOKEN_SECONDS, ClientCredentials: TOKEN_SECONDS, IdToken: TOKEN_SECONDS },
    conformIdTokenClaims: false, // `email` in the ID token, as most providers do
    claims: { openid: ['sub'], email: ['email'] },
    findAccount: (ctx, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: `${id}@example.com` }),
    }),
    features: {
      devInteractions: { enabled: true },
      deviceFlow: { enabled: true },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: (ctx, resource) => ({
          audience: resource,
          scope: 'runs',
          accessTokenFormat: 'jwt',
          accessTokenTTL: TOKEN_SECONDS,
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
  };
}

const server = createServer((request, response) => answer(request, response));
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${server.address().port}`;
let keys = [newKey()];
let answer;

function serve() {
  answer = new Provider(url, configuration(keys)).callback();
}

serve();
console.log(JSON.stringify({ url }));
const commands = createInterface({ input: process.stdin });
commands.on('line', (line) => {
  keys = line === 'rotate' ? [newKey(), ...keys] : keys.slice(0, 1);
  serve();
  console.log(JSON.stringify({ kid: keys[0].kid }));
});
commands.on('close', () => process.exit(0));
