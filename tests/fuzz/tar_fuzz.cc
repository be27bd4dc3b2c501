// A tar archive of anyone's making: its members are listed without end or crash, and none reaches
// beyond what a file could hold.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "core/tar_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using drydock::TarMember;
  using drydock::TarReader;
  const int file = ::memfd_create("archive", MFD_CLOEXEC);
  if (file < 0 || ::write(file, data, size) != static_cast<ssize_t>(size)) {
    std::abort();
  }
  TarReader reader(file, "archive");
  TarMember member;
  std::uint64_t end = 0;
  for (;;) {
    const auto more = reader.Next(member);
    if (!more || !*more) {
      break;
    }
    if (member.offset < end || member.offset + member.size < member.offset) {
      std::abort();  // members follow one another
    }
    end = member.offset + member.size;
  }
  ::close(file);
  return 0;
}
