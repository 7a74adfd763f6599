import { cpSync } from 'node:fs';
import { nodeFileTrace } from '@vercel/nft';

const { fileList } = await nodeFileTrace(['main.js']);
for (const file of fileList) cpSync(file, `out/${file}`);
