// Fetches what the tests run, once, before the first of them: a slow mirror then takes no test's time.
module.exports = async () => {
  if (process.env.UPDATE_GOLDEN) return; // `npm run golden` runs none
  const { installJMeter } = await import('../local/install/jmeter.ts');
  const { installElasticMq } = await import('../local/install/elasticmq.ts');
  const { installKafka } = await import('../local/install/kafka.ts');
  const { installMariaDb } = await import('../local/install/mariadb.ts');
  const { installMongo } = await import('../local/install/mongo.ts');
  const { findPrometheus } = await import('../local/install/prometheus.ts');
  const { installRedis } = await import('../local/install/redis.ts');

  const options = { env: process.env, log: (line) => console.error(line) };
  const fetched = [
    installRedis(options),
    installMariaDb(options),
    installMongo(options),
    installKafka(options),
    installJMeter(options),
    installElasticMq(options),
    findPrometheus('prometheus', options),
    findPrometheus('promtool', options),
  ];
  // Tests that do without the missing one still run; the others fail with the same message.
  for (const result of await Promise.allSettled(fetched))
    if (result.status === 'rejected') console.error(`tests will fail: ${result.reason.message}`);
};
