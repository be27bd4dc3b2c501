// The tarball of a simulated npm package: a gzipped ustar archive that holds package/package.json.
// The same package gives the same bytes. Threads: pure functions.
// Source: npm "package.json"; POSIX ustar; RFC 1952.
#pragma once

#include <string>

#include "simulator/neighbours/npm_registry.h"

namespace drydock::simulator {

std::string NpmTarball(const NpmVersion& version);

}  // namespace drydock::simulator
