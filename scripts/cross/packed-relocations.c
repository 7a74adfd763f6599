// Applies the packed relocations (DT_RELR) of all that is loaded. musl's loader does so from 1.2.4 on; Debian 12 has 1.2.3, and
// the libraries that Node for musl comes with have such. Preloaded, its constructor runs before theirs.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum { RELR_SIZE = 35, RELR = 36, KNOWN = 37, BITS = 8 * sizeof(uintptr_t) };

#ifdef __aarch64__
enum { COPY = R_AARCH64_COPY };
#else
enum { COPY = R_X86_64_COPY };
#endif

/** The entries of an object's dynamic section, by their tags. */
struct Dynamic {
  uintptr_t values[KNOWN];
};

static struct Dynamic dynamic_of(const struct dl_phdr_info *info) {
  struct Dynamic found = {0};
  for (const ElfW(Phdr) *header = info->dlpi_phdr; header < info->dlpi_phdr + info->dlpi_phnum; header++) {
    if (header->p_type != PT_DYNAMIC) continue;
    const ElfW(Dyn) *entry = (const ElfW(Dyn) *)(info->dlpi_addr + header->p_vaddr);
    for (; entry->d_tag != DT_NULL; entry++) {
      if (entry->d_tag < KNOWN) found.values[entry->d_tag] = entry->d_un.d_val;
    }
  }
  return found;
}

/** What the loader has made read-only is given another protection. */
static void protect(const struct dl_phdr_info *info, int protection) {
  for (const ElfW(Phdr) *header = info->dlpi_phdr; header < info->dlpi_phdr + info->dlpi_phnum; header++) {
    if (header->p_type != PT_GNU_RELRO) continue;
    uintptr_t start = (info->dlpi_addr + header->p_vaddr) & -4096;
    uintptr_t end = (info->dlpi_addr + header->p_vaddr + header->p_memsz) & -4096;
    if (start < end) mprotect((void *)start, end - start, protection);
  }
}

/** A word that is below the base has not been relocated yet. */
static void relocate_word(uintptr_t *word, uintptr_t base) {
  if (*word < base) *word += base;
}

static int relocate(struct dl_phdr_info *info, size_t size, void *data) {
  struct Dynamic dynamic = dynamic_of(info);
  if (!dynamic.values[RELR]) return 0;
  uintptr_t base = info->dlpi_addr;
  const uintptr_t *entry = (const uintptr_t *)(base + dynamic.values[RELR]);
  const uintptr_t *end = entry + dynamic.values[RELR_SIZE] / sizeof *entry;
  uintptr_t *next = NULL;
  protect(info, PROT_READ | PROT_WRITE);
  for (; entry < end; entry++) {
    if (!(*entry & 1)) {
      next = (uintptr_t *)(base + *entry);
      relocate_word(next++, base);
      continue;
    }
    for (size_t bit = 1; bit < BITS; bit++) {
      if (*entry >> bit & 1) relocate_word(&next[bit - 1], base);
    }
    next += BITS - 1;
  }
  protect(info, PROT_READ);
  return 0;
}

/** What the loader has copied into the program out of a library was not relocated then. The program is the first that is told. */
static int copy_again(struct dl_phdr_info *info, size_t size, void *data) {
  struct Dynamic dynamic = dynamic_of(info);
  uintptr_t base = info->dlpi_addr;
  const ElfW(Rela) *entry = (const ElfW(Rela) *)(base + dynamic.values[DT_RELA]);
  const ElfW(Rela) *end = entry + dynamic.values[DT_RELASZ] / sizeof *entry;
  const ElfW(Sym) *symbols = (const ElfW(Sym) *)(base + dynamic.values[DT_SYMTAB]);
  const char *names = (const char *)(base + dynamic.values[DT_STRTAB]);
  protect(info, PROT_READ | PROT_WRITE);
  for (; entry < end; entry++) {
    if (ELF64_R_TYPE(entry->r_info) != COPY) continue;
    const ElfW(Sym) *symbol = &symbols[ELF64_R_SYM(entry->r_info)];
    const void *source = dlsym(RTLD_NEXT, names + symbol->st_name);
    if (source) memcpy((void *)(base + entry->r_offset), source, symbol->st_size);
  }
  protect(info, PROT_READ);
  return 1;
}

__attribute__((constructor)) static void relocate_all(void) {
  dl_iterate_phdr(relocate, NULL);
  dl_iterate_phdr(copy_again, NULL);
}
