// A .gitattributes file as a commit holds it, its first line taken as the path that is asked about.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "publisher/hash/git_attributes.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using drydock::publisher::GitAttributeFile;
  using drydock::publisher::GitAttributes;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string path(text.substr(0, text.find('\n')));
  const auto checkout = GitAttributes()
                            .With(GitAttributeFile::Parse(text, "", true))
                            .With(GitAttributeFile::Parse(text, "rootfs/", false))
                            .CheckoutOf("rootfs/" + path);
  ConvertForCheckout(text, checkout.conversion);
  return 0;
}
