'use strict';

// Writes the bill of materials of a release, all crates that a binary has linked in, as CycloneDX: artifacts/sbom.cdx.json.
// The JavaScript that ships has no dependency.

const { mkdirSync, readFileSync, writeFileSync } = require('fs');
const path = require('path');
const { ARTIFACTS } = require('./build-release.js');
const { linkedCrates } = require('./licences.js');
const { publisher } = require('./publisher.js');
const { ROOT, install } = require('./tools.js');

const FOLDER = path.join(ROOT, 'scripts', 'release');

/** The SHA-256 of each crate by `name version`, as Cargo.lock has them. */
function checksums() {
  const lock = readFileSync(path.join(ROOT, 'Cargo.lock'), 'utf8').replace(/\r\n/g, '\n');
  const entries = lock.matchAll(/name = "(.*)"\nversion = "(.*)"\nsource = ".*"\nchecksum = "(.*)"/g);
  return new Map([...entries].map(([, name, version, sum]) => [`${name} ${version}`, sum]));
}

/** The bill as text; throws where it is not valid CycloneDX. */
async function billOfMaterials() {
  install(FOLDER);
  const library = require.resolve('@cyclonedx/cyclonedx-library', { paths: [FOLDER] });
  const { Enums, Models, Serialize, Spec, Validation } = require(library);
  const { name, version, license } = require('../package.json');
  const { repository } = publisher();
  const sums = checksums();
  const licences = (expression) =>
    new Models.LicenseRepository([new Models.LicenseExpression(expression.replace(/\//g, ' OR '))]);
  const reference = (url) => new Models.ExternalReference(url, Enums.ExternalReferenceType.VCS);
  const component = (of, type, purl, sum) =>
    new Models.Component(type, of.name, {
      bomRef: purl,
      version: of.version,
      purl,
      licenses: licences(of.license),
      hashes: new Models.HashDictionary(sum ? [[Enums.HashAlgorithm['SHA-256'], sum]] : []),
      externalReferences: new Models.ExternalReferenceRepository(
        of.repository ? [reference(of.repository)] : [],
      ),
    });
  const own = { name, version, license, repository: repository && repository.url };
  const bom = new Models.Bom({
    metadata: new Models.Metadata({
      component: component(own, Enums.ComponentType.Library, `pkg:npm/${name}@${version}`),
    }),
  });
  for (const crate of linkedCrates()) {
    const purl = `pkg:cargo/${crate.name}@${crate.version}`;
    const sum = sums.get(`${crate.name} ${crate.version}`);
    if (!sum) throw new Error(`Cargo.lock has no checksum of ${purl}`);
    const made = component(crate, Enums.ComponentType.Library, purl, sum);
    bom.components.add(made);
    bom.metadata.component.dependencies.add(made.bomRef);
  }
  const spec = Spec.Spec1dot6;
  const text = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(spec)).serialize(bom, {
    sortLists: true,
    space: 2,
  });
  const fault = await new Validation.JsonStrictValidator(spec.version).validate(text);
  if (fault) throw new Error(`The bill of materials is not valid: ${JSON.stringify(fault)}`);
  return { text: `${text}\n`, components: bom.components.size };
}

/** Writes it; returns how many crates it names. */
async function writeBill() {
  const { text, components } = await billOfMaterials();
  mkdirSync(ARTIFACTS, { recursive: true });
  writeFileSync(path.join(ARTIFACTS, 'sbom.cdx.json'), text);
  return components;
}

module.exports = { writeBill };

if (require.main === module) {
  writeBill().then(
    (components) => console.log(`artifacts/sbom.cdx.json: ${components} crates`),
    (error) => {
      console.error(error);
      process.exitCode = 1;
    },
  );
}
