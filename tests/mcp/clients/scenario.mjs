// What each client of this folder does with a connected `client`: list, then call; one line of JSON.
import {readFileSync} from 'node:fs';

export const [url, tokenFile, calls] = process.argv.slice(2);
export const requestInit = {headers: {Authorization: `Bearer ${readFileSync(tokenFile, 'utf8')}`}};

export async function play(client) {
  const names = [];
  let cursor;
  do {
    const page = await client.listTools(cursor === undefined ? {} : {cursor});
    names.push(...page.tools.map((tool) => tool.name));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  const answers = [];
  for (const call of JSON.parse(calls)) {
    try {
      answers.push({result: await client.callTool(call)});
    } catch (error) {
      answers.push({error: {code: error.code, message: error.message, data: error.data}});
    }
  }
  const server = client.getServerVersion();
  await client.close();
  return {server, names, answers};
}
