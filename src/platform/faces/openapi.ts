import { ERRORS } from '../errors.ts';
import type { Operation, Registry } from '../operations/index.ts';
import { type JsonSchema, jsonSchema } from './json-schema.ts';

/** The OpenAPI 3.1 document of every operation; what an operation does and who may call it are extensions. */
export function openApiDocument(registry: Registry, version: string): object {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const op of registry.values()) {
    paths[op.http.path] = { ...paths[op.http.path], [op.http.method.toLowerCase()]: describe(op) };
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Steward',
      version,
      description: 'Every operation of Steward. Writes take an Idempotency-Key.',
    },
    paths,
    components: {
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'An API key: steward keys create --label NAME' },
        header: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
        session: { type: 'apiKey', in: 'cookie', name: 'better-auth.session_token' },
      },
      schemas: {
        Error: {
          type: 'object',
          required: ['error'],
          additionalProperties: false,
          properties: {
            error: {
              type: 'object',
              required: ['code', 'message', 'request_id'],
              properties: {
                code: { type: 'string', enum: Object.keys(ERRORS) },
                message: { type: 'string' },
                request_id: { type: 'string' },
                details: {},
              },
            },
          },
        },
      },
    },
  };
}

function describe(op: Operation): object {
  const input = jsonSchema(op.input, 'input');
  const inPath = [...op.http.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!);
  const rest = Object.entries(input.properties ?? {}).filter(([name]) => !inPath.includes(name));
  const required = input.required ?? [];
  const parameter = (place: string, name: string, schema: JsonSchema = {}) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema,
    ...(schema.description === undefined ? {} : { description: schema.description }),
  });
  const isRead = op.http.method === 'GET';
  return {
    operationId: op.name,
    tags: [op.name.split('.')[0]],
    summary: op.summary,
    ...(op.description === undefined ? {} : { description: op.description }),
    'x-effect': op.effect,
    'x-access': op.access ?? 'user',
    security: op.access === 'public' ? [] : [{ key: [] }, { header: [] }, { session: [] }],
    parameters: [
      ...inPath.map((name) => parameter('path', name, input.properties?.[name])),
      ...(isRead ? rest.map(([name, schema]) => parameter('query', name, schema)) : []),
      ...(op.effect === 'read'
        ? []
        : [parameter('header', 'Idempotency-Key', { type: 'string', maxLength: 200 })]),
    ],
    ...(isRead || rest.length === 0
      ? {}
      : {
          requestBody: {
            required: rest.some(([name]) => required.includes(name)),
            content: {
              'application/json': {
                schema: {
                  ...input,
                  properties: Object.fromEntries(rest),
                  required: required.filter((name) => !inPath.includes(name)),
                },
              },
            },
          },
        }),
    responses: {
      [op.http.status ?? 200]: {
        description: 'Done',
        content: {
          [op.kind === 'stream' ? 'text/event-stream' : 'application/json']: {
            schema: jsonSchema(op.output, 'output'),
          },
        },
      },
      ...(op.kind === 'stream' ? { 204: { description: 'There is nothing to stream' } } : {}),
      default: {
        description: 'An error; its code says which',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    },
  };
}
