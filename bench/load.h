// What the servers are asked, with curl and wrk, and what each took. Whatever is not answered as it
// should be is an error. Threads: one. Source: issue 4 section 6.
#pragma once

#include <cstdint>
#include <string>

#include "core/result.h"

namespace drydock::bench {

// One large file, in a folder of its own.
struct Cargo {
  std::string path;
  std::uint64_t bytes = 0;
  std::string digest;  // "sha256:…"
};

// Random bytes in the new file `path`.
Result<Cargo> MakeCargo(const std::string& path, std::uint64_t bytes);

// All in seconds.
// The PUT that carries the bytes and is answered when digest and store are done with them.
Result<double> Push(const std::string& url, const std::string& repository, const Cargo& cargo);
// As many at once, each into a repository of its own ("NAME-1", …); from the first to the last.
Result<double> PushTogether(const std::string& url, const std::string& repository,
                            const Cargo& cargo, int count);
Result<double> Pull(const std::string& url, const Cargo& cargo);
Result<double> PullBlob(const std::string& url, const std::string& repository, const Cargo& cargo);
// dd with conv=fdatasync into a new file of `folder`: what its file system can do.
Result<double> WriteDurably(const std::string& folder, const Cargo& cargo);

// A small image manifest, tag v1, with what it needs.
Status PutManifest(const std::string& url, const std::string& repository,
                   const std::string& folder);
std::string ManifestUrl(const std::string& url, const std::string& repository);
// GETs answered a second on eight kept connections, by wrk; and HEADs, by hand.
Result<double> GetRate(const std::string& url);
Result<double> HeadRate(const std::string& url);

// Bytes a second of one core, in 16 KiB blocks.
Result<double> OpensslRate();

}  // namespace drydock::bench
