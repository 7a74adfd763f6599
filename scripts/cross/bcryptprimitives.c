// The library of Windows that Rust's standard library takes randomness from, which wine 8 of Debian 12 lacks. It needs no other
// library, so that nothing else is to be compiled for it.

#include <stddef.h>

__declspec(dllexport) int ProcessPrng(unsigned char *bytes, size_t length) {
  for (size_t at = 0; at < length; at++) {
    unsigned long long drawn;
    while (!__builtin_ia32_rdrand64_step(&drawn)) continue;
    bytes[at] = (unsigned char)drawn;
  }
  return 1;
}

int __stdcall DllMainCRTStartup(void *library, unsigned reason, void *reserved) { return 1; }
