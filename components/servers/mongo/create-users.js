// Run by mongosh (create-users.sh): both users of the Secret can log in, and no user of an earlier rotation can.
const admin = db.getSiblingDB('admin');

// An engine without authentication would leave the door open while everybody believes it shut.
if (!admin.runCommand({ listCommands: 1 }).commands.createUser) {
  print(
    'This MongoDB has no authentication (it does not know createUser). Run `pulumi config set mongo:auth false` to go without.',
  );
  quit(3);
}

const read = (variable) => require('node:fs').readFileSync(process.env[variable], 'utf8');
const users = {
  [read('MONGO_PREVIOUS_USERNAME_FILE')]: read('MONGO_PREVIOUS_PASSWORD_FILE'),
  [read('MONGO_USERNAME_FILE')]: read('MONGO_PASSWORD_FILE'),
};
// Reading and writing the records; and the server's counters, for the exporter.
const roles = [
  { role: 'readWrite', db: process.env.DATABASE },
  { role: 'clusterMonitor', db: 'admin' },
];

const known = admin.runCommand({ usersInfo: 1 }).users.map(({ user }) => user);
for (const [name, pwd] of Object.entries(users)) {
  const what = known.includes(name) ? { updateUser: name } : { createUser: name };
  admin.runCommand({ ...what, pwd, roles, mechanisms: ['SCRAM-SHA-256'] });
}
for (const name of known) {
  if (/^apps-\d+$/.test(name) && !(name in users)) admin.runCommand({ dropUser: name });
}
print(`MongoDB's users: ${Object.keys(users).join(', ')}`);
