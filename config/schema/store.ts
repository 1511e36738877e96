// Config of what holds the stored records, other than MongoDB (servers.ts).
import { z } from 'zod';
import { oneOf, optionalText, secretText, textOr, toggle } from '../keys.ts';

const rollsClients = 'Rolls the API and consumer pods. Data stays.';
const leavesRecords =
  'Refused while the queue holds records. Rolls the API and consumer pods. Stored records are not moved.';
/** Without user and password, which are keys of their own. */
const MYSQL_ADDRESS = {
  pattern: /^mysql:\/\/[A-Za-z0-9.-]+(:\d+)?\/[A-Za-z0-9_]+$/,
  allowed: 'mysql://host:port/database, without user and password',
};

/** `store:*` */
export const storeSchema = z.object({
  kind: oneOf(['mongo', 'mysql', 'dynamodb'], {
    default: 'mongo',
    description:
      'What holds the stored records. The stack runs MongoDB, with a gate in front of it; MySQL and DynamoDB are services outside the cluster.',
    change:
      'Refused while the queue holds records. Rolls the API, consumer and console pods. From or to `mongo`, it deletes or creates MongoDB and its gate. Stored records are not moved.',
  }),
});

/** `mysql:*` */
export const mysqlSchema = z.object({
  external: optionalText({
    ...MYSQL_ADDRESS,
    description:
      'Address and database of the primary of a MySQL or MariaDB, for `store:kind mysql`. The consumers create the table `records`. Its user needs CREATE, INSERT, SELECT and UPDATE on the database.',
    change: leavesRecords,
  }),
  readers: optionalText({
    ...MYSQL_ADDRESS,
    description:
      'Address and database of the replicas, one name for all of them. Reads go there; what a replica lacks is read from the primary. Without it, all reads go to the primary.',
    change: rollsClients,
  }),
  username: optionalText({
    pattern: /^\S+$/,
    allowed: 'a user name',
    description: 'User name for MySQL.',
    change: rollsClients,
  }),
  password: secretText({
    description: 'Password for MySQL. Set it with `--secret`.',
    change: rollsClients,
  }),
  tls: toggle({
    default: true,
    description:
      "Whether MySQL is reached over TLS. Its certificate must be for the host name in its address, and come from an authority that Node knows, or from Amazon RDS'.",
    change: rollsClients,
  }),
});

/** `dynamodb:*` */
export const dynamodbSchema = z.object({
  table: textOr('records', {
    pattern: /^[A-Za-z0-9_.-]{3,255}$/,
    allowed: '3 to 255 letters, digits, dots, hyphens and underscores',
    description: 'Name of the table, for `store:kind dynamodb`. Its partition key is `_id`, a string.',
    change: leavesRecords,
  }),
  region: optionalText({
    pattern: /^[a-z]{2}(-[a-z]+)+-\d$/,
    allowed: 'a region, such as eu-west-1',
    description: 'AWS region of the table.',
    change: leavesRecords,
  }),
  endpoint: optionalText({
    pattern: /^https?:\/\/[A-Za-z0-9.-]+:\d+$/,
    allowed: 'http://host:port',
    description:
      'Address of a server that stands in for DynamoDB, for tests: it needs no credentials, and the consumers create the table there.',
    change: leavesRecords,
  }),
});
