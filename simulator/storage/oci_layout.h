// Reading an OCI image layout: every file of it, each checked against its name, so that nothing
// damaged is ever served. What is foreign, damaged or cut short is an error that names the file and
// what to do about it. Threads: one. Source: OCI image-spec image-layout.md.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/digest.h"
#include "core/result.h"
#include "simulator/registry/store.h"

namespace drydock::simulator {

inline constexpr char kRefName[] = "org.opencontainers.image.ref.name";
// On an entry of index.json: the manifest was also pushed as a blob.
inline constexpr char kHeldAsBlob[] = "drydock.held-as-blob";

// On an entry of index.json, as containerd and docker write it: "docker.io/library/debian:12".
inline constexpr char kImageName[] = "io.containerd.image.name";

struct LayoutFile {
  std::string path;
  std::uint64_t size = 0;
  Blob blob = {};  // its bytes, when they are no file of their own but a part of an archive
};

struct LayoutTag {
  std::string ref_name;  // "v1", "team/app:v1"
  Digest digest;         // of one of the manifests
};

struct OciLayout {
  std::map<Digest, LayoutFile> blobs;  // all files that are no manifests, and those that are both
  std::map<Digest, StoredManifest> manifests;  // of index.json, and what their indexes name
  std::vector<LayoutTag> tags;                 // in the order of index.json
};

// Files that were read and found to be what their names say, by device and inode: hard links of one
// file are read once.
using CheckedFiles = std::map<std::pair<std::uint64_t, std::uint64_t>, Digest>;

// "library/debian:12" for "docker.io/library/debian:12" and "debian:12": a name without its
// registry; "" for what is none.
std::string WithoutRegistry(std::string_view name);

bool IsOciLayout(const std::string& folder);
Result<OciLayout> ReadOciLayout(const std::string& folder, CheckedFiles& checked);

// The parts of it that are the same in an archive. `name` is the layout's, for messages.
Status CheckLayoutMarker(const std::string& name, std::string_view text);
// Adds the manifests and tags of an index.json; `layout` has all blobs, each checked already.
Status ReadLayoutIndex(const std::string& name, std::string_view text, OciLayout& layout);

// The text of an index.json of all manifests and tags of `repository`.
std::string IndexJson(const Store& store, std::string_view repository);
// The text of the file oci-layout.
std::string LayoutMarker();

}  // namespace drydock::simulator
