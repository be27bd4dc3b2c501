// Content for a registry to start with, from what a user names on the command line.
// Threads: one. Source: docs/embedding.md, "Content to start with".
#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "simulator/registry/store.h"
#include "simulator/storage/disk_store.h"

namespace drydock::simulator {

// "[REPOSITORY=]PATH". PATH is one of
//   a folder of an OCI image layout: ref names "name:tag" say where to, a ref name that is a tag
//     goes to REPOSITORY or else to the repository of the folder's name;
//   a folder of layouts, each below a path that is its repository's name (a store of
//     drydock serve --store is one);
//   an archive of images (image_archive.h): names in it say where to, without their registry;
//   a .json file: a seed (seed.h).
// Every byte is checked. Blobs are read from where they lie, which must stay; with `copied` they
// are copied into the store. kInvalid, kConflict or kNotFound name the file and the remedy; `into`
// may then hold a part.
Status Preload(const std::string& argument, bool copied, OpenedStore& into);

// What a server starts with: the store on disk in `store_folder` ("": none), and each of `preloads`
// on top, durable if there is a folder. Errors as of OpenDiskStore and Preload.
Result<OpenedStore> OpenContent(const std::string& store_folder,
                                const std::vector<std::string>& preloads);

}  // namespace drydock::simulator
