// A gRPC client that knows nothing of the decider but its address: it asks server reflection for
// the services and builds itself from the descriptors that it gets.
import { Metadata, credentials, loadPackageDefinition } from '@grpc/grpc-js';
import { fromJSON, loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader';

const options = { longs: String, enums: String, defaults: true, oneofs: true, keepCase: true };

// grpc/reflection/<version>/reflection.proto, as far as it is used here.
function reflection_service(version) {
  const text = (id) => ({ type: 'string', id });
  const package_ = {
    ServerReflection: {
      methods: {
        ServerReflectionInfo: {
          requestType: 'ServerReflectionRequest',
          requestStream: true,
          responseType: 'ServerReflectionResponse',
          responseStream: true,
        },
      },
    },
    ServerReflectionRequest: {
      oneofs: {
        message_request: {
          oneof: ['file_by_filename', 'file_containing_symbol', 'list_services'],
        },
      },
      fields: {
        host: text(1),
        file_by_filename: text(3),
        file_containing_symbol: text(4),
        list_services: text(7),
      },
    },
    ServerReflectionResponse: {
      oneofs: {
        message_response: {
          oneof: ['file_descriptor_response', 'list_services_response', 'error_response'],
        },
      },
      fields: {
        file_descriptor_response: { type: 'Files', id: 4 },
        list_services_response: { type: 'Services', id: 6 },
        error_response: { type: 'Failure', id: 7 },
      },
    },
    Files: { fields: { file_descriptor_proto: { rule: 'repeated', type: 'bytes', id: 1 } } },
    Services: { fields: { service: { rule: 'repeated', type: 'Service', id: 1 } } },
    Service: { fields: { name: text(1) } },
    Failure: { fields: { error_code: { type: 'int32', id: 1 }, error_message: text(2) } },
  };
  const inside = (name, nested) => ({ [name]: { nested } });
  const json = { nested: inside('grpc', inside('reflection', inside(version, package_))) };
  return loadPackageDefinition(fromJSON(json, options)).grpc.reflection[version].ServerReflection;
}

// The strings of one field at the top of an encoded message; all others are skipped.
function strings_of(bytes, wanted) {
  const found = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[at++];
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    if (tag % 8 === 2) {
      const length = varint();
      if (tag >> 3 === wanted) found.push(bytes.toString('utf8', at, at + length));
      at += length;
    } else {
      varint();
    }
  }
  return found;
}

// A FileDescriptorSet is its files one after another, each as field 1.
function descriptor_set(files) {
  const pieces = [];
  for (const file of files) {
    const head = [0x0a];
    let length = file.length;
    for (; length > 127; length = Math.floor(length / 128)) head.push((length % 128) | 128);
    head.push(length);
    pieces.push(Buffer.from(head), file);
  }
  return Buffer.concat(pieces);
}

// Questions one after another on one reflection stream.
class Reflection {
  constructor(target, version, metadata) {
    const Service = reflection_service(version);
    this.client = new Service(target, credentials.createInsecure());
    this.stream = this.client.ServerReflectionInfo(metadata);
    this.waiting = [];
    this.stream.on('data', (answer) => this.waiting.shift().resolve(answer));
    this.stream.on('error', (error) => this.waiting.splice(0).forEach((w) => w.reject(error)));
  }

  ask(question) {
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.stream.write(question);
    });
  }

  close() {
    this.stream.end();
    this.client.close();
  }
}

export function bearer(token) {
  const metadata = new Metadata();
  if (token) metadata.set('authorization', `Bearer ${token}`);
  return metadata;
}

// {services: [full names], files: [names], root: what loadPackageDefinition gives}
export async function reflect(target, { version = 'v1', token } = {}) {
  const reflection = new Reflection(target, version, bearer(token));
  try {
    const files = new Map();
    const take = (answer) => {
      if (answer.error_response) throw new Error(answer.error_response.error_message);
      for (const bytes of answer.file_descriptor_response.file_descriptor_proto)
        files.set(strings_of(bytes, 1)[0], bytes);
    };
    const listed = await reflection.ask({ list_services: '*' });
    const services = listed.list_services_response.service.map((service) => service.name);
    for (const name of services) take(await reflection.ask({ file_containing_symbol: name }));
    for (const [, bytes] of files)
      for (const name of strings_of(bytes, 3))
        if (!files.has(name)) take(await reflection.ask({ file_by_filename: name }));
    const definition = loadFileDescriptorSetFromBuffer(descriptor_set(files.values()), options);
    return { services, files: [...files.keys()], root: loadPackageDefinition(definition) };
  } finally {
    reflection.close();
  }
}

// A unary call as a promise; the error is grpc-js's own, with code, details and metadata.
export function call(client, method, question, { token, deadline_ms = 5000 } = {}) {
  return new Promise((resolve, reject) => {
    client[method](question, bearer(token), { deadline: Date.now() + deadline_ms }, (error, answer) =>
      error ? reject(error) : resolve(answer),
    );
  });
}

export { credentials };
