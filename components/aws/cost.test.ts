import { describe, expect, test } from '@jest/globals';
import { parseStackConfig, type RawConfig } from '../../config/parse.ts';
import { costLines, describeCost, type PriceTable } from './cost.ts';
import { billedOf, type PriceId, priceIds } from './price-catalog.ts';
import { listedPrices } from './price-list.ts';
import prices from './prices.json';

const stack = (raw: RawConfig = {}) =>
  parseStackConfig({
    'cluster:kind': 'eks',
    'cluster:ingressClass': 'alb',
    'aws:region': 'eu-west-1',
    'images:platform': 'linux/arm64',
    'monitoring:enabled': false,
    ...raw,
  });
const managed = { 'queue:kind': 'sqs', 'redis:managed': true, 'store:kind': 'mysql' };
const price = (usd: number) => ({ usd, sku: 'S', date: '2026-01-02', source: 'https://example.com' });
const quantities = (raw?: RawConfig) =>
  Object.fromEntries(costLines(stack(raw)).map(({ id, idle, planned }) => [id, [idle, planned]]));

describe('the quantities', () => {
  test('follow the sizes', () => {
    // Three brokers of 32 GiB, Redis and MongoDB of 16.
    expect(quantities()).toMatchObject({
      cluster: [730, 730],
      'node:m7g.large': [3 * 730, 9 * 730],
      volume: [3 * 50 + 128, 9 * 50 + 128],
      nat: [730, 730],
      address: [4 * 730, 4 * 730],
      endpoint: [6 * 730, 6 * 730],
      loadBalancerUnits: [0, 27 * 730],
    });
    expect(quantities({ 'aws:natPerZone': true })).toMatchObject({
      nat: [3 * 730, 3 * 730],
      address: [6 * 730, 6 * 730],
    });
  });

  test('include what AWS runs', () => {
    expect(quantities(managed)).toMatchObject({
      volume: [3 * 50, 9 * 50],
      endpoint: [9 * 730, 9 * 730],
      'cache:cache.t4g.medium': [2 * 730, 2 * 730],
      'database:db.r7g.large': [2 * 730, 2 * 730],
      databaseInsights: [4 * 730, 4 * 730],
      // Eleven, of which each of the two nodes of the cache reads three metrics.
      alarms: [15, 15],
      messages: [expect.closeTo(2.628), expect.closeTo(3 * 2.628 + 1504.559, 2)],
      // Of 44,019 GB of records: the cache's are transferred twice, the database's once.
      egress: [0, expect.closeTo(7542.36)],
      zoneTraffic: [0, expect.closeTo(44_019 * 3 * (2 / 3), 2)],
    });
    expect(quantities({ 'kafka:managed': true })).toMatchObject({
      'broker:kafka.m7g.large': [3 * 730, 3 * 730],
      brokerVolumes: [96, 96],
    });
    expect(quantities({ 'store:kind': 'dynamodb' })).toMatchObject({
      tableWrites: [0, 65_700],
      tableReads: [0, 657],
    });
  });
});

describe('the bill', () => {
  test('sums what is known, and names what is not', () => {
    const table: PriceTable = { 'eu-west-1': { cluster: price(0.1), 'node:m7g.large': price(0.1), logs: price(0.5) } };
    const bill = describeCost(stack(), table);
    expect(bill).toMatch(/EKS cluster +73\.00 +73\.00\n/);
    expect(bill).toMatch(/nodes \(m7g\.large\) +219\.00 +657\.00\n/);
    expect(bill).toMatch(/sum of what is known +292\.00 +730\.00\n/);
    expect(bill).toMatch(/NAT gateways +unknown +unknown\n/);
    expect(bill).toMatch(/logs \(CloudWatch\) +0\.5 for a GB\n/);
    expect(bill).toMatch(/Prices of 2026-01-02 to 2026-01-02/);
    expect(bill).toMatch(/npm run aws:prices/);
  });
  test('has no sum of a part when all is known', () => {
    const all = Object.fromEntries([...priceIds, 'node:m7g.large'].map((id) => [id, price(1)]));
    const bill = describeCost(stack(), { 'eu-west-1': all });
    expect(bill).toMatch(/\n {2}sum +[\d,.]+ +[\d,.]+\n/);
    expect(bill).not.toMatch(/unknown|aws:prices/);
  });
  test('of a region without prices is unknown', () => {
    expect(describeCost(stack({ 'aws:region': 'mx-central-1' }), prices)).toMatch(/EKS cluster +unknown +unknown/);
  });
});

test('every price in the table has a source and a date', () => {
  for (const [region, of] of Object.entries(prices as PriceTable))
    for (const [id, { usd, source, date }] of Object.entries(of)) {
      expect(region).toMatch(/^[a-z]+-[a-z]+-\d$/);
      expect(billedOf(id as PriceId)?.label).toBeDefined();
      expect(usd).toBeGreaterThan(0);
      expect(source).toMatch(/^https:\/\/\S+$/);
      expect(date).toMatch(/^20\d\d-\d\d-\d\d$/);
    }
});

describe("AWS' price list", () => {
  const head = `"FormatVersion","v1.0"
"Disclaimer","This pricing list is for informational purposes only."
"Publication Date","2026-09-25T17:45:21Z"
"Version","20260925174521"
"OfferCode","AmazonEC2"
"SKU","OfferTermCode","RateCode","TermType","PriceDescription","StartingRange","EndingRange","Unit","PricePerUnit","Currency","Operating System","License Model","usageType","operation","Pre Installed S/W"
`;
  const row = (
    sku: string,
    usd: string,
    usageType: string,
    more: Partial<Record<'term' | 'start' | 'os', string>> = {},
  ) =>
    `"${sku}","JRTCKXETXF","x","${more.term ?? 'OnDemand'}","$${usd} per ""unit"", or so","${more.start ?? '0'}","Inf","Hrs","${usd}","USD","${more.os ?? 'Linux'}","No License required","${usageType}","RunInstances","NA"\n`;
  const asked: string[] = [];
  const get =
    (body: string, status = 200) =>
    async (url: string) => {
      asked.push(url);
      return new Response(body, { status });
    };

  test('is read for what is wanted in the region', async () => {
    const body =
      head +
      row('A1', '0.0910000000', 'EU-BoxUsage:m7g.large') +
      row('A2', '0.1750000000', 'EU-BoxUsage:m7g.large', { os: 'Windows' }) +
      row('A3', '0.0550000000', 'EU-BoxUsage:m7g.large', { term: 'Reserved' }) +
      row('A4', '0.1820000000', 'EU-BoxUsage:m7g.large.extra') +
      row('B1', '0.0480000000', 'EU-NatGateway-Hours') +
      row('B2', '0.0990000000', 'EU-RegionalNatGateway-Hours') +
      row('B3', '0.0010000000', 'EU-NatGateway-Hours', { start: '1000' });
    expect(await listedPrices('eu-west-1', ['node:m7g.large', 'nat', 'volume'], get(body))).toEqual({
      'node:m7g.large': {
        usd: 0.091,
        sku: 'A1',
        date: '2026-09-25',
        source: expect.stringMatching(/\/AmazonEC2\/current\/eu-west-1\/index\.csv$/),
      },
      nat: expect.objectContaining({ usd: 0.048, sku: 'B1' }),
    });
    expect(asked).toHaveLength(1);
  });

  test('is read for the first tier that is not free', async () => {
    const tier = (sku: string, usd: string, start: string) => row(sku, usd, 'EU-TimedStorage-ByteHrs', { start });
    const body = head + tier('C3', '0.25', '1000') + tier('C1', '0.0000000000', '0') + tier('C2', '0.283', '25');
    const listed = await listedPrices('eu-west-1', ['tableStorage'], get(body));
    expect(listed).toEqual({ tableStorage: expect.objectContaining({ usd: 0.283, sku: 'C2' }) });
  });

  test('that is none, or out of reach', async () => {
    await expect(listedPrices('eu-west-1', ['nat'], get('<html>'))).rejects.toThrow(/is not a price list/);
    await expect(listedPrices('eu-west-1', ['nat'], get('', 403))).rejects.toThrow(/status 403/);
  });
});
