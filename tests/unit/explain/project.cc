#include "tests/unit/explain/project.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "core/text.h"
#include "tests/support/child.h"

namespace drydock::publisher {

Project::Project() {
  std::filesystem::create_directories(root());
  Git({"init", "--quiet", "--initial-branch=main"});
  Write("Dockerfile.base", "FROM debian:12\nRUN true\n");
  Write("rootfs/etc/motd", "hello\nworld\n");
  Write("rootfs/etc/profile", "umask 022\nexport A\n");
  Write("rootfs/usr/bin/run", "#!/bin/sh\nexec \"$@\"\n");
  Write("rootfs/Zebra", "zebra\n");
  Write("rootfs/apple", "apple\n");
  Write("entrypoint.sh", "#!/bin/sh\nset -e\n");
  Write("entrypoint-user.sh", "#!/bin/sh\nexec bash\n");
  Write(".gitignore", "*.log\n__pycache__/\n*.pyc\n.DS_Store\n");
  Commit("v1");
}

void Project::Git(std::vector<std::string> words) const {
  words.insert(words.begin(),
               {"git", "-C", root(), "-c", "user.name=t", "-c", "user.email=t@example.com"});
  testing::Child git(words, {"HOME=" + folder_.At(""), "GIT_CONFIG_NOSYSTEM=1"}, "git");
  ASSERT_EQ(git.Wait(), 0) << Join(words, " ") << git.err();
}

void Project::Write(const std::string& name, std::string_view bytes) const {
  folder_.Write("repo/" + name, bytes);
}

std::string Project::Read(const std::string& name) const {
  return testing::ReadFile(folder_.path() / "repo" / name);
}

void Project::Remove(const std::string& name) const {
  std::filesystem::remove_all(folder_.path() / "repo" / name);
}

void Project::Commit(const std::string& tag) const {
  Git({"add", "--all"});
  Git({"commit", "--quiet", "--message", tag});
  Git({"tag", tag});
}

std::string Project::Shell(const std::string& text, const std::string& environment) const {
  testing::Child shell({"sh", "-c", "cd -- \"$1\" && eval \"$2\"", "sh", root(), text},
                       {environment}, "sh");
  EXPECT_EQ(shell.Wait(), 0) << text << shell.err();
  return std::string(Trim(shell.out()));
}

std::string Project::HashAfter(const std::string& shell, const Recipe& recipe,
                               const std::string& environment) const {
  return Shell(Concat({"rm -rf ../copy && cp -a . ../copy && cd ../copy && { ", shell, "; } && ",
                       ShellText(recipe)}),
               environment);
}

}  // namespace drydock::publisher
