// Ask one or more SPARQL endpoints with Comunica: node ask.mjs QUERY ENDPOINT...; prints one JSON object a row.
import { QueryEngine } from '@comunica/query-sparql';

const [query, ...endpoints] = process.argv.slice(2);
const engine = new QueryEngine();
const sources = endpoints.map((value) => ({ type: 'sparql', value }));
const result = await engine.query(query, { sources });
if (result.resultType === 'boolean') {
  console.log(JSON.stringify({ boolean: await result.execute() }));
} else if (result.resultType === 'quads') {
  for (const quad of await (await result.execute()).toArray()) {
    console.log(JSON.stringify([quad.subject.value, quad.predicate.value, quad.object.value]));
  }
} else {
  for (const row of await (await result.execute()).toArray()) {
    console.log(JSON.stringify(Object.fromEntries([...row].map(([name, term]) => [name.value, term.value]))));
  }
}
