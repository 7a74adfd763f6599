import { hello } from '../hello.js';

export const dynamic = 'force-dynamic';

export default async function Page() {
  return <p>{await hello()}</p>;
}
