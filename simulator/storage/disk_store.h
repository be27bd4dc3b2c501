// A registry's content on disk: one OCI image layout a repository, sharing blobs by hard link,
// which every tool for OCI layouts can read: skopeo copy oci:FOLDER/team/app:v1 …
//
//   FOLDER/team/app/{oci-layout,index.json,blobs/sha256/…}   repository team/app
//   FOLDER/.drydock/{lock,version}                           and what is on its way in
//
// What Commit returned Ok for survives a kill or a power cut at any instant; what it did not return
// for is there whole or not at all. Open uploads end with the process.
// Threads: as Backing. Source: docs/adr/0021-store-on-disk.md.
#pragma once

#include <memory>
#include <string>

#include "core/result.h"
#include "simulator/neighbours/neighbour_content.h"
#include "simulator/registry/store.h"
#include "simulator/storage/file_changes.h"

namespace drydock::simulator {

struct OpenedStore {
  Store content;
  std::shared_ptr<Backing> backing;  // holds the folder's lock
  NeighbourContent neighbours = {};  // what seeds say of them; not kept on disk
};

// Makes the folder if there is none. Every file is read and checked. Errors leave the folder as it
// is: kConflict while another process has the store open; kInvalid for a folder that is none of
// ours, or holds what is foreign, damaged or cut short; kUnavailable for what cannot be written.
Result<OpenedStore> OpenDiskStore(const std::string& path, FileChanges::Before before = {});

// The folder of a repository below its store's: its name, with "+" before a component that would
// meet a file of a layout ("team/+blobs").
std::string RepositoryFolder(std::string_view repository);
std::string RepositoryOf(std::string_view folder);

// The folders of all layouts at and below `folder`, each with its path from there ("" for itself),
// in order.
Result<std::vector<std::string>> FindLayouts(const std::string& folder);

}  // namespace drydock::simulator
