// Block motion of a clip, for training: the quadtree of codec/SPEC.md section 4.1 searched on source pictures.
//
//   gcc -O3 -march=native -o block_motion block_motion.c -lm
//   ./block_motion SOURCE.yuv WIDTH HEIGHT FRAMES OUT DISTANCE LAMBDA...
//
// SOURCE.yuv: 8-bit 4:2:0 pictures one after the other, WIDTH and HEIGHT multiples of 32. LAMBDA: squared error per bit.
// The reference of a picture is the source picture DISTANCE before it (1: the one before; -1: the next), interpolated by the six taps of
// section 4.3.
// OUT, for each LAMBDA, for each frame: int16 cells[H/8][W/8][moved, x, y], quarter luma samples (zero in frames without a reference);
// then, for each LAMBDA, for each frame: float32 bits. The bits are an estimate by adaptive counts, not the coder's own.
// One line per LAMBDA on stdout: PSNR-Y of the still and of the moved prediction, bits per luma sample.
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint8_t u8;
enum { MAX_LAMBDAS = 8, PAD = 48, LARGEST = 32, SMALLEST = 8, VECTOR_MIN = -1024, VECTOR_MAX = 1023 };
static int clamp(int v, int lo, int hi) { return v < lo ? lo : v > hi ? hi : v; }

static void *allocate(size_t count, size_t size) {
  void *p = calloc(count, size);
  if (!p) { fprintf(stderr, "block_motion: out of memory\n"); exit(1); }
  return p;
}

static int W, H, cells_w, cells_h;
static double lambda;
static u8 *current;
static u8 *phases[16]; // phase 4 * py + px of the reference: (H + 2 PAD) rows of (W + 2 PAD) samples

static const int TAPS[4][6] = {{0, 0, 64, 0, 0, 0}, {3, -10, 58, 17, -5, 1}, {3, -11, 40, 40, -11, 3}, {1, -5, 17, 58, -10, 3}};

// All sixteen quarter-sample pictures, extended by PAD on each side. No rounding between the directions (section 4.3).
static void interpolate(const u8 *s) {
  const int w = W + 2 * PAD, h = H + 2 * PAD, wide = w + 5;
  u8 *row = allocate(wide, 1);
  int16_t *across = allocate((size_t)w * (h + 5), sizeof(int16_t));
  for (int px = 0; px < 4; px++) {
    const int *k = TAPS[px];
    for (int y = 0; y < h + 5; y++) {
      const u8 *from = s + (size_t)clamp(y - 2 - PAD, 0, H - 1) * W;
      memset(row, from[0], PAD + 2), memcpy(row + PAD + 2, from, W), memset(row + PAD + 2 + W, from[W - 1], PAD + 3);
      int16_t *to = across + (size_t)y * w;
      for (int x = 0; x < w; x++)
        to[x] = k[0] * row[x] + k[1] * row[x + 1] + k[2] * row[x + 2] + k[3] * row[x + 3] + k[4] * row[x + 4] + k[5] * row[x + 5];
    }
    for (int py = 0; py < 4; py++) {
      const int *v = TAPS[py];
      for (int y = 0; y < h; y++) {
        const int16_t *a = across + (size_t)y * w;
        u8 *to = phases[4 * py + px] + (size_t)y * w;
        for (int x = 0; x < w; x++) {
          int sum = v[0] * a[x] + v[1] * a[x + w] + v[2] * a[x + 2 * w] + v[3] * a[x + 3 * w] + v[4] * a[x + 4 * w] + v[5] * a[x + 5 * w];
          sum = (sum + 2048) >> 12;
          to[x] = sum < 0 ? 0 : sum > 255 ? 255 : sum;
        }
      }
    }
  }
  free(row), free(across);
}

// Adaptive symbol counts: what an adaptive arithmetic coder would spend.
typedef struct { double count[16], bits[16]; int n; } Model;
static void model_update(Model *m) {
  double t = 0;
  for (int i = 0; i < m->n; i++) t += m->count[i];
  if (t > 600) { for (int i = 0; i < m->n; i++) m->count[i] *= .5; t *= .5; }
  for (int i = 0; i < m->n; i++) m->bits[i] = log2(t / m->count[i]);
}
static void model_start(Model *m, int n) { m->n = n; for (int i = 0; i < n; i++) m->count[i] = .4; model_update(m); }
static void model_learn(Model *m, int s) { m->count[s] += 1; model_update(m); }
static int magnitude_class(int d) { int m = abs(d), k = 8; if (m < 8) return m; while (m >= 16) m >>= 1, k++; return k > 14 ? 14 : k; }
static double difference_bits(const Model *m, int d) { int k = magnitude_class(d); return m->bits[k] + (d != 0) + (k >= 8 ? k - 5 : 0); }

enum { STILL, LEFT, UP, UP_RIGHT, EXPLICIT, MODES };
typedef struct { int mode, x, y; } Cell; // one 8x8 of the picture
typedef struct Node { int split, context; Cell own; int px, py; double error; struct Node *child[4]; } Node;
typedef struct { double lambda, spent, left; Cell *cells, *past; Model mode[9], x, y, split[2]; } Coder;
static Coder *c0; // the coder whose lambda is being worked on

static Node pool[1 + 4 + 16];
static int pooled;
static Node *new_node(void) { Node *n = pool + pooled++; memset(n, 0, sizeof *n); return n; }

static double error(int X, int Y, int size, int mx, int my) {
  // A block further out than PAD sees edge samples only, as one at PAD does.
  const int w = W + 2 * PAD, x0 = clamp(X + (mx >> 2), -PAD, W + PAD - size), y0 = clamp(Y + (my >> 2), -PAD, H + PAD - size);
  const u8 *r = phases[4 * (my & 3) + (mx & 3)] + (size_t)(y0 + PAD) * w + x0 + PAD, *s = current + (size_t)Y * W + X;
  int e = 0;
  for (int y = 0; y < size; y++, r += w, s += W)
    for (int x = 0; x < size; x += 8)
      for (int i = 0; i < 8; i++) { int d = s[x + i] - r[x + i]; e += d * d; }
  return e;
}
static Cell *cell(int x, int y) { return x < 0 || y < 0 || x >= cells_w || y >= cells_h ? 0 : c0->cells + y * cells_w + x; }
static void paint(int X, int Y, int size, Cell c) {
  for (int y = Y / 8; y < (Y + size) / 8; y++) for (int x = X / 8; x < (X + size) / 8; x++) *cell(x, y) = c;
}
static int middle(int a, int b, int c) { return a > b ? (b > c ? b : a > c ? c : a) : (a > c ? a : b > c ? c : b); }

static double choose_leaf(int X, int Y, int size, Node *o) {
  int cx = X / 8, cy = Y / 8;
  Cell *l = cell(cx - 1, cy), *u = cell(cx, cy - 1), *ur = cell(cx + size / 8, cy - 1), *near[3] = {l, u, ur};
  o->context = (l && l->mode) + (u && u->mode) + 3 * (size == 32 ? 0 : size == 16 ? 1 : 2);
  const Model *m = &c0->mode[o->context];
  o->own = (Cell){STILL, 0, 0};
  o->error = error(X, Y, size, 0, 0);
  double best = o->error + lambda * m->bits[STILL];
  o->px = l ? l->x : u ? u->x : 0, o->py = l ? l->y : u ? u->y : 0;
  if (l && u && ur) o->px = middle(l->x, u->x, ur->x), o->py = middle(l->y, u->y, ur->y);
  if (o->error < 1.5 * lambda) return best;
  for (int k = 0; k < 3; k++)
    if (near[k]) {
      double e = error(X, Y, size, near[k]->x, near[k]->y), c = e + lambda * m->bits[LEFT + k];
      if (c < best) best = c, o->error = e, o->own = (Cell){LEFT + k, near[k]->x, near[k]->y};
    }
  static const int AROUND[9][2] = {{0, 0}, {1, 0}, {-1, 0}, {0, 1}, {0, -1}, {1, 1}, {-1, -1}, {1, -1}, {-1, 1}};
  // Start from the prediction, from the best so far, and from where the block came from in the frame before.
  const Cell *old = c0->past + (cy + size / 16) * cells_w + cx + size / 16;
  const int start[3][2] = {{o->px, o->py}, {o->own.x, o->own.y}, {old->x, old->y}};
  for (int s = 0; s < 3; s++) {
    int ax = start[s][0], ay = start[s][1];
    if (s && ax == start[0][0] && ay == start[0][1]) continue;
    if (s == 2 && ax == start[1][0] && ay == start[1][1]) continue;
    double here = 1e30;
    for (int step = size > 8 ? 16 : 4; step; step /= 2)
      for (int i = 0; i < 4; i++) {
        int nx = ax, ny = ay;
        for (int k = here < 1e30; k < 9; k++) {
          int x = clamp(ax + AROUND[k][0] * step, VECTOR_MIN, VECTOR_MAX), y = clamp(ay + AROUND[k][1] * step, VECTOR_MIN, VECTOR_MAX);
          double e = error(X, Y, size, x, y);
          double c = e + lambda * (m->bits[EXPLICIT] + difference_bits(&c0->x, x - o->px) + difference_bits(&c0->y, y - o->py));
          if (c < here) here = c, nx = x, ny = y;
          if (c < best) best = c, o->error = e, o->own = (Cell){EXPLICIT, x, y};
        }
        if (nx == ax && ny == ay) break;
        ax = nx, ay = ny;
      }
  }
  return best;
}

static double choose(int X, int Y, int size, Node *o) {
  double whole = choose_leaf(X, Y, size, o);
  if (size > SMALLEST) {
    const Model *m = &c0->split[size == 32 ? 0 : 1];
    whole += lambda * m->bits[0];
    if (o->error > 3 * lambda) {
      double parts = lambda * m->bits[1];
      for (int k = 0; k < 4; k++) parts += choose(X + (k & 1) * size / 2, Y + (k >> 1) * size / 2, size / 2, o->child[k] = new_node());
      if (parts < whole) { o->split = 1; return parts; }
    }
  }
  paint(X, Y, size, o->own);
  return whole;
}

static void code(const Node *o, int size) {
  if (size > SMALLEST) { Model *m = &c0->split[size == 32 ? 0 : 1]; c0->spent += m->bits[o->split]; model_learn(m, o->split); }
  if (o->split) { for (int k = 0; k < 4; k++) code(o->child[k], size / 2); return; }
  Model *m = &c0->mode[o->context];
  c0->spent += m->bits[o->own.mode]; model_learn(m, o->own.mode);
  if (o->own.mode == EXPLICIT) {
    int dx = o->own.x - o->px, dy = o->own.y - o->py;
    c0->spent += difference_bits(&c0->x, dx) + difference_bits(&c0->y, dy);
    model_learn(&c0->x, magnitude_class(dx)); model_learn(&c0->y, magnitude_class(dy));
  }
  c0->left += o->error;
}

int main(int argc, char **argv) {
  if (argc < 8 || argc - 7 > MAX_LAMBDAS) { fprintf(stderr, "block_motion SOURCE.yuv WIDTH HEIGHT FRAMES OUT DISTANCE LAMBDA... (up to %d)\n", MAX_LAMBDAS); return 2; }
  W = atoi(argv[2]), H = atoi(argv[3]);
  const int frames = atoi(argv[4]), distance = atoi(argv[6]), lambdas = argc - 7;
  if (W < 32 || H < 32 || W % 32 || H % 32 || frames < 1) { fprintf(stderr, "block_motion: WIDTH and HEIGHT must be multiples of 32, FRAMES at least 1\n"); return 2; }
  if (!distance) { fprintf(stderr, "block_motion: a picture is no reference of its own: DISTANCE must not be 0\n"); return 2; }
  FILE *source = fopen(argv[1], "rb"), *out = fopen(argv[5], "wb");
  if (!source || !out) { perror("block_motion"); return 2; }
  cells_w = W / 8, cells_h = H / 8;
  const size_t cells = (size_t)cells_w * cells_h, frame_size = (size_t)W * H * 3 / 2;
  u8 *pictures = allocate(frames, frame_size);
  const size_t read = fread(pictures, frame_size, frames, source);
  if (read != (size_t)frames) { fprintf(stderr, "block_motion: %s ends before frame %zu\n", argv[1], read); return 2; }
  for (int i = 0; i < 16; i++) phases[i] = allocate((size_t)(W + 2 * PAD) * (H + 2 * PAD), 1);
  Coder *coders = allocate(lambdas, sizeof(Coder));
  for (int i = 0; i < lambdas; i++) {
    Coder *c = coders + i;
    c->lambda = atof(argv[7 + i]), c->cells = allocate(cells, sizeof(Cell)), c->past = allocate(cells, sizeof(Cell));
    for (int k = 0; k < 9; k++) model_start(c->mode + k, MODES);
    model_start(&c->x, 15), model_start(&c->y, 15), model_start(c->split, 2), model_start(c->split + 1, 2);
  }
  int16_t *blocks = allocate((size_t)lambdas * frames * cells, 3 * sizeof(int16_t));
  float *bits = allocate((size_t)lambdas * frames, sizeof(float));
  double samples = 0, still = 0;
  for (int t = 0; t < frames; t++) {
    const int from = t - distance;
    if (from < 0 || from >= frames) continue;
    current = pictures + t * frame_size;
    interpolate(pictures + from * frame_size);
    for (int Y = 0; Y < H; Y += 8) for (int X = 0; X < W; X += 8) still += error(X, Y, 8, 0, 0);
    samples += (double)W * H;
    for (int i = 0; i < lambdas; i++) {
      c0 = coders + i, lambda = c0->lambda;
      Cell *old = c0->past; c0->past = c0->cells, c0->cells = old;
      memset(c0->cells, 0, cells * sizeof(Cell));
      const double spent = c0->spent;
      for (int Y = 0; Y < H; Y += LARGEST)
        for (int X = 0; X < W; X += LARGEST) { pooled = 0; Node *root = new_node(); choose(X, Y, LARGEST, root); code(root, LARGEST); }
      bits[i * frames + t] = (float)(c0->spent - spent);
      int16_t *to = blocks + ((size_t)i * frames + t) * cells * 3;
      for (size_t k = 0; k < cells; k++) to[3 * k] = c0->cells[k].mode != STILL, to[3 * k + 1] = c0->cells[k].x, to[3 * k + 2] = c0->cells[k].y;
    }
  }
  if (fwrite(blocks, 3 * sizeof(int16_t), lambdas * frames * cells, out) != lambdas * frames * cells || fwrite(bits, sizeof(float), lambdas * frames, out) != (size_t)lambdas * frames || fclose(out)) { perror("block_motion"); return 1; }
  for (int i = 0; i < lambdas && samples > 0; i++)
    printf("lambda %g: PSNR-Y still %.2f dB, moved %.2f dB, %.4f bit per sample\n", coders[i].lambda, 10 * log10(65025 * samples / (still + 1e-9)), 10 * log10(65025 * samples / (coders[i].left + 1e-9)), coders[i].spent / samples);
  return 0;
}
