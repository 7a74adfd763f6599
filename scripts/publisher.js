'use strict';

// Who publishes the packages: `repository` and `author` of package.json, the one place where the maintainers set them.

const { readFileSync } = require('fs');
const path = require('path');
const { ROOT } = require('./tools.js');

/** The package's own manifest. */
const readManifest = () => JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));

/** The manifest's fields that tell where the project lives; none while package.json has no `repository`. */
function publisher(directory) {
  const { repository, author } = readManifest();
  if (!repository) return {};
  const web = webAddress(repository.url);
  return {
    author,
    homepage: `${web}#readme`,
    bugs: `${web}/issues`,
    repository: directory ? { ...repository, directory } : repository,
  };
}

/** `https://host/owner/name` of a repository's address as npm has it. */
const webAddress = (url) => url.replace(/^git\+/, '').replace(/\.git$/, '');

/** A document with links to the repository in the place of those that lead out of the tarball, which holds `files`. */
function withLinksOut(text, name, files) {
  const { repository, version } = readManifest();
  if (!repository) return text;
  const holds = (target) => files.some((file) => file === target || file.startsWith(`${target}/`));
  return text.replace(/\]\((?!\w+:|#)([^)#]+)/g, (link, to) => {
    const target = path.posix.join(path.posix.dirname(name), to).replace(/\/$/, '');
    return holds(target) ? link : `](${webAddress(repository.url)}/blob/v${version}/${target}`;
  });
}

module.exports = { publisher, readManifest, webAddress, withLinksOut };
