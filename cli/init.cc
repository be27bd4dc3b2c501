// `drydock init`: a first release file for the project in a folder.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "core/reference.h"
#include "core/text.h"
#include "publisher/build/child_process.h"
#include "publisher/release/draft.h"
#include "publisher/release/release_file.h"

namespace drydock::cli {
namespace {

constexpr char kInitFooter[] =
    "Looks at the Dockerfiles: Dockerfile.base with rootfs/ and entrypoint*.sh makes a base of "
    "its\n"
    "own; INSTALL_… arguments make variants; …_VERSION arguments that npm packages are installed\n"
    "with are looked up when a release begins. The image is named after the git remote unless\n"
    "--image says it. An existing file is never overwritten.\n"
    "\n"
    "Examples:\n"
    "  drydock init                                   writes release.json\n"
    "  drydock init ~/devbox --image joakimp/devbox --output -    prints it instead\n"
    "  drydock publish release.json --plan            what to do next\n"
    "\n"
    "Exit codes: 0 written; 2 not, and why.\n";

struct InitFlags {
  std::string folder = ".";
  std::string image;
  std::string output = "release.json";
};

// As the flag says, or as the git remote is called.
Result<ImageReference> FindImage(const InitFlags& flags) {
  std::string name = flags.image;
  if (name.empty()) {
    const auto remote = publisher::RunChild(
        {"git", "-C", flags.folder, "config", "--get", "remote.origin.url"}, {});
    name = remote ? publisher::ImageNameOfRemote(remote->output) : "";
    if (name.empty()) {
      return Error(ErrorCode::kInvalid,
                   Concat({flags.folder,
                           ": no git remote to name the image after; say --image "
                           "OWNER/NAME"}));
    }
  }
  auto image = ImageReference::Parse(name);
  if (!image || image->tag || image->digest) {
    return Error(ErrorCode::kInvalid,
                 Concat({"--image: expected OWNER/NAME or HOST/OWNER/NAME, found: ", name}));
  }
  return image;
}

int RunInit(const InitFlags& flags) {
  const auto image = FindImage(flags);
  if (!image) {
    return BadInput(image.error().message());
  }
  const auto text = publisher::DraftReleaseFile(flags.folder, *image);
  if (!text) {
    return BadInput(text.error().message());
  }
  if (const auto read = publisher::ParseReleaseFile(*text, flags.output); !read) {
    return BadInput(Concat(
        {"what lies in ", flags.folder, " makes no release file: ", read.error().message()}));
  }
  if (flags.output == "-") {
    std::cout << *text;
    return 0;
  }
  std::error_code ignored;
  if (std::filesystem::exists(flags.output, ignored)) {
    return BadInput(Concat({flags.output, ": exists; --output names another, - prints it"}));
  }
  std::ofstream file(flags.output, std::ios::binary);
  if (!(file << *text) || !file.flush()) {
    return BadInput(Concat({flags.output, ": cannot be written"}));
  }
  std::cout << "written: " << flags.output << "\nlook it over, then: drydock publish "
            << flags.output << " --plan\n";
  return 0;
}

}  // namespace

void AddInit(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<InitFlags>();
  CLI::App* init =
      app.add_subcommand("init", "Write a first release file, from what lies in a folder");
  init->footer(kInitFooter);
  init->add_option("FOLDER", flags->folder, "The project's folder")->capture_default_str();
  init->add_option("--image", flags->image, "What is published: OWNER/NAME or HOST/OWNER/NAME");
  init->add_option("--output", flags->output, "The file to write; - is standard output")
      ->capture_default_str();
  init->callback([flags, &exit_code] { exit_code = RunInit(*flags); });
}

}  // namespace drydock::cli
