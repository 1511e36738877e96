// The yardstick: Express 5 as one writes it first, with an answer as large as the API's and nothing
// behind it.
import { express, type Request, type Response } from '../../apps/shared/express.testing.ts';

const ids = Array.from({ length: 5 }, (_, i) => String(i).repeat(24));
const app = express();
app.disable('x-powered-by');
app.disable('etag');
app.get('/api/data', (_req: Request, res: Response) => {
  res.json({ status: 'success', writes: ids, reads: ids, timestamp: new Date().toISOString() });
});
app.listen(Number(process.env.EXPRESS_PORT), '127.0.0.1');
