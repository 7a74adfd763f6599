import { hello } from '../../hello.js';

export const dynamic = 'force-dynamic';

export async function GET() {
  return new Response(await hello());
}
