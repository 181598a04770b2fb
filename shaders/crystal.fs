/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "The picture seen through cut panes, each a little askew, with light in their seams.",
  "CATEGORIES": ["Filter", "Geometry"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.8, "IDENTITY": 0.0},
    {"NAME": "panes", "TYPE": "float", "MIN": 3.0, "MAX": 40.0, "DEFAULT": 10.0, "LABEL": "panes in the picture's height"},
    {"NAME": "seams", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5},
    {"NAME": "speed", "TYPE": "float", "MIN": 0.0, "MAX": 2.0, "DEFAULT": 0.15}
  ]
}*/

vec2 hash2(vec2 p) {
    vec3 q = fract(p.xyx * vec3(0.1031, 0.1030, 0.0973));
    q += dot(q, q.yzx + 33.33);
    return fract((q.xx + q.yz) * q.zy);
}

vec2 mirrored(vec2 uv) { return 1.0 - abs(mod(uv, 2.0) - 1.0); }

vec2 middle(vec2 cell) { return cell + 0.5 + 0.38 * sin(6.2831853 * hash2(cell) + TIME * speed * 3.0); }

void main() {
    vec4 base = IMG_THIS_PIXEL(inputImage);
    vec2 wide = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0), p = (isf_FragNormCoord - 0.5) * wide * panes;
    vec2 cell = floor(p), own = vec2(0.0), mine = vec2(0.0);
    float near = 9.0;
    for (int i = 0; i < 9; i++) {
        vec2 c = cell + vec2(float(i % 3 - 1), float(i / 3 - 1)), at = middle(c);
        float d = dot(at - p, at - p);
        if (d < near) { near = d; own = c; mine = at; }
    }
    // The distance to the nearest seam: half way to each neighbour, across the line between them.
    float seam = 9.0;
    for (int i = 0; i < 9; i++) {
        vec2 at = middle(own + vec2(float(i % 3 - 1), float(i / 3 - 1))), d = at - mine;
        if (dot(d, d) > 0.001) seam = min(seam, dot(0.5 * (at + mine) - p, normalize(d)));
    }
    vec2 dice = hash2(own + 71.0) - 0.5;
    vec2 bent = mix(p, mine, 0.35 * amount) + 1.6 * amount * dice;
    vec3 c = IMG_NORM_PIXEL(inputImage, mirrored(bent / panes / wide + 0.5)).rgb;
    c *= 1.0 + amount * 0.5 * dot(dice, vec2(0.8, 1.2)) + amount * 0.25 * dot(p - mine, vec2(0.5, 0.8));
    float fine = max(fwidth(p.y), 0.02), edge = smoothstep(fine + 0.05, 0.015, seam);
    c = mix(c, c * 1.6 + 0.12, amount * seams * edge);
    gl_FragColor = vec4(mix(base.rgb, clamp(c, 0.0, 1.0), min(1.0, 4.0 * amount)), base.a);
}
