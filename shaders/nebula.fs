/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "Folded clouds of lit gas with young stars in them, drifting apart.",
  "CATEGORIES": ["Generator"],
  "INPUTS": [
    {"NAME": "speed", "TYPE": "float", "MIN": 0.0, "MAX": 2.0, "DEFAULT": 0.25},
    {"NAME": "scale", "TYPE": "float", "MIN": 0.5, "MAX": 4.0, "DEFAULT": 1.4},
    {"NAME": "folds", "TYPE": "float", "MIN": 0.0, "MAX": 2.0, "DEFAULT": 1.0},
    {"NAME": "stars", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.6},
    {"NAME": "hue", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.78}
  ]
}*/

uniform float phase;
const float TAU = 6.28318530718;

vec3 tint(float h) { return 0.5 + 0.5 * cos(TAU * (h + vec3(0.0, 0.33, 0.67))); }

vec2 hash2(vec2 p) {
    vec3 q = fract(p.xyx * vec3(0.1031, 0.1030, 0.0973));
    q += dot(q, q.yzx + 33.33);
    return fract((q.xx + q.yz) * q.zy);
}

float noise(vec2 p) {
    vec2 i = floor(p), f = fract(p);
    f = f * f * f * (f * (f * 6.0 - 15.0) + 10.0);
    return mix(mix(hash2(i).x, hash2(i + vec2(1.0, 0.0)).x, f.x),
               mix(hash2(i + vec2(0.0, 1.0)).x, hash2(i + 1.0).x, f.x), f.y);
}

float cloud(vec2 p) {
    float sum = 0.0, weight = 0.5;
    for (int i = 0; i < 5; i++) {
        sum += weight * noise(p);
        p = mat2(1.6, 1.2, -1.2, 1.6) * p + 3.7;
        weight *= 0.5;
    }
    return sum;
}

void main() {
    vec2 p = (isf_FragNormCoord - 0.5) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    float t = TIME * speed;
    vec2 q = p * scale * 2.0 + 0.2 * t;
    // Each reading bends the place of the next: folds, not blots (Perlin noise warped by itself).
    vec2 bend = vec2(cloud(q + vec2(0.0, 0.3 * t)), cloud(q + vec2(5.2, 1.3 - 0.2 * t)));
    vec2 more = vec2(cloud(q + 2.2 * folds * bend + vec2(1.7, 9.2)), cloud(q + 2.2 * folds * bend + vec2(8.3, 2.8)));
    float gas = cloud(q + 2.4 * folds * more);
    vec3 c = vec3(0.008, 0.006, 0.02);
    c += tint(hue + 0.35 * bend.x) * pow(gas, 2.2) * 1.5;
    c += tint(hue + 0.30 + 0.3 * more.y) * pow(more.x, 3.0) * 0.9;
    c *= smoothstep(0.15, 0.75, gas + 0.35 * bend.y);
    for (int i = 0; i < 2; i++) {
        vec2 at = p * (9.0 + 8.0 * float(i)) + 0.25 * t, cell = floor(at), dice = hash2(cell + 41.0 * float(i));
        float d = length(at - cell - 0.2 - 0.6 * dice), lit = step(1.0 - 0.55 * stars, fract(7.3 * dice.x));
        float twinkle = 0.75 + 0.25 * sin(TAU * dice.y + 3.0 * TIME);
        c += lit * twinkle * (0.0035 / (d * d + 0.0035)) * smoothstep(0.5, 0.0, d) * mix(vec3(0.8, 0.9, 1.0), tint(hue), 0.3) * (1.0 + 0.4 * exp(-4.0 * phase));
    }
    gl_FragColor = vec4(1.0 - exp(-1.9 * c), 1.0);
}
