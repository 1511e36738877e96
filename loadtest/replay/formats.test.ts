// Lines as the vendors' documentation and tests show them.
import { describe, expect, test } from '@jest/globals';
import { LogReader } from './formats.ts';

// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
const targetGroup =
  'arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067 "Root=1-58337262-36d228ad5d99923122bbe354"';
const alb = `http 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 192.168.131.39:2817 10.0.0.1:80 0.000 0.001 0.000 200 200 34 366 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.46.0" - - ${targetGroup} "-" "-" 0 2018-07-02T22:22:48.364000Z "forward" "-" "-" "10.0.0.1:80" "200" "-" "-"`;
const albHttp2 = `h2 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 10.0.1.252:48160 10.0.0.66:9000 0.000 0.002 0.000 200 200 5 257 "GET https://10.0.2.105:773/ HTTP/2.0" "curl/7.46.0" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 ${targetGroup} "-" "-" 1 2018-07-02T22:22:48.364000Z "redirect" "https://example.com:80/" "-" "10.0.0.66:9000" "200" "-" "-"`;
const albBefore2018 = `https 2018-01-05T18:15:01.316365Z app/my-loadbalancer/50dc6c495c0c9188 192.168.131.39:2817 10.0.0.1:80 0.086 0.048 0.037 200 200 0 57 "GET https://www.example.com:443/ HTTP/1.1" "curl/7.46.0" - - ${targetGroup}`;
const albWithoutTarget = alb.replace('10.0.0.1:80 0.000 0.001 0.000 200 200', '- -1 -1 -1 502 -');

// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html
const cloudFront =
  '2019-12-04\t21:02:31\tLAX1\t392\t192.0.2.100\tGET\td111111abcdef8.cloudfront.net\t/index.html\t200\t-\tMozilla/5.0%20(Windows%20NT%2010.0;%20Win64;%20x64)\t-\t-\tHit\tSOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC4KyHmureZmBNrjGdRLiNIQ==\td111111abcdef8.cloudfront.net\thttps\t23\t1.500\t-\tTLSv1.2\tECDHE-RSA-AES128-GCM-SHA256\tHit\tHTTP/2.0\t-\t-\t11040\t0.001\tHit\ttext/html\t78\t-\t-';

// https://github.com/elastic/examples, Common Data Formats/nginx_logs: nginx's format "combined"
const nginx =
  '93.180.71.3 - - [17/May/2015:08:05:32 +0000] "GET /downloads/product_1 HTTP/1.1" 304 0 "-" "Debian APT-HTTP/1.3 (0.8.16~exp12ubuntu10.21)"';

// https://github.com/traefik/traefik, pkg/middlewares/accesslog/logger_test.go
const traefik =
  'TestHost - TestUser [13/Apr/2016:07:14:19 -0700] "POST testpath HTTP/0.0" 123 12 "testReferer" "testUserAgent" 1 "testRouter" "http://127.0.0.1/testService" 1ms';

// https://github.com/Dokploy/dokploy, its tests of Traefik's access logs; shortened
const traefikJson =
  '{"ClientAddr":"172.19.0.1:56732","ClientHost":"172.19.0.1","DownstreamStatus":304,"Duration":14729375,"RequestMethod":"GET","RequestPath":"/dashboard?_rsc=1rugv","StartLocal":"2024-08-25T04:34:37.306691884Z","StartUTC":"2024-08-25T04:34:37.306691884Z","entryPointName":"web","level":"info","msg":"","time":"2024-08-25T04:34:38Z"}';

describe('when the request of a line arrived', () => {
  test.each([
    ['ALB: when it was created, not answered', alb, 'ALB', '2018-07-02T22:22:48.364Z'],
    ['ALB over HTTP/2', albHttp2, 'ALB', '2018-07-02T22:22:48.364Z'],
    ['ALB without a target', albWithoutTarget, 'ALB', '2018-07-02T22:22:48.364Z'],
    ['ALB before it logged the creation', albBefore2018, 'ALB', '2018-01-05T18:15:01.316Z'],
    ['CloudFront: the end of the answer less its duration', cloudFront, 'CloudFront', '2019-12-04T21:02:29.500Z'],
    ['nginx', nginx, 'combined', '2015-05-17T08:05:32Z'],
    ['nginx, after the prefix of a log collector', `web-1 | ${nginx}`, 'combined', '2015-05-17T08:05:32Z'],
    ['nginx with a quote in the request', nginx.replace('/downloads', '/\\x22'), 'combined', '2015-05-17T08:05:32Z'],
    ['Traefik, with its time zone', traefik, 'Traefik', '2016-04-13T14:14:19Z'],
    ['Traefik JSON', traefikJson, 'Traefik JSON', '2024-08-25T04:34:37.306Z'],
  ])('%s', (_name, line, format, time) =>
    expect(new LogReader().read(line)).toEqual({ format, time: Date.parse(time) }),
  );

  test('CloudFront with other columns', () => {
    const reader = new LogReader();
    expect(reader.read('#Version: 1.0')).toBe('header');
    expect(reader.read('#Fields: c-ip time date')).toBe('header');
    expect(reader.read('192.0.2.100\t21:02:31\t2019-12-04')).toEqual({
      format: 'CloudFront',
      time: Date.parse('2019-12-04T21:02:31Z'),
    });
  });

  test.each([
    ['text'],
    ['{"level":"error","msg":"unreachable","time":"2024-08-25T04:34:37Z"}'],
    ['{"StartUTC":"2024-08-'],
    [nginx.replace('May', 'Foo')],
    [nginx.slice(0, 60)],
    [cloudFront.replace('2019-12-04', '2019-19-04')],
    [alb.slice(0, 40)],
    ['any text\t5\twith tabs'],
    ['{"StartUTC":"call 5"}'],
    ['{"StartUTC":5}'],
  ])('none: %s', (line) => expect(new LogReader().read(line)).toBeUndefined());
});
