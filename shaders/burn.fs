/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "The old picture takes fire from a few sparks and burns away; the next one lies under it.",
  "CATEGORIES": ["Transition"],
  "INPUTS": [
    {"NAME": "startImage", "TYPE": "image"},
    {"NAME": "endImage", "TYPE": "image"},
    {"NAME": "progress", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0},
    {"NAME": "scale", "TYPE": "float", "MIN": 1.0, "MAX": 12.0, "DEFAULT": 3.0},
    {"NAME": "fire", "TYPE": "color", "DEFAULT": [1.0, 0.45, 0.08, 1.0]}
  ]
}*/

float hash(vec2 p) {
    vec3 q = fract(p.xyx * vec3(0.1031, 0.1030, 0.0973));
    q += dot(q, q.yzx + 33.33);
    return fract((q.x + q.y) * q.z);
}

float noise(vec2 p) {
    vec2 i = floor(p), f = fract(p);
    f = f * f * (3.0 - 2.0 * f);
    return mix(mix(hash(i), hash(i + vec2(1.0, 0.0)), f.x),
               mix(hash(i + vec2(0.0, 1.0)), hash(i + 1.0), f.x), f.y);
}

void main() {
    vec2 p = (isf_FragNormCoord - 0.5) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0) * scale;
    float paper = 0.5 * noise(p + 4.0) + 0.28 * noise(p * 2.7) + 0.14 * noise(p * 6.5 + 2.0)
                + 0.08 * noise(p * 17.0 + 5.0);
    // How far the fire still is: below 0 the paper is gone.
    float away = smoothstep(0.1, 0.9, paper) - (progress * 1.5 - 0.3);
    vec4 old = IMG_THIS_PIXEL(startImage), young = IMG_THIS_PIXEL(endImage);
    float char_ = smoothstep(0.28, 0.02, away);
    float ember = exp(-pow(away / 0.035, 2.0)), heat = exp(-pow(away / 0.12, 2.0));
    // No smoke without fire: at both ends nothing of it is left.
    float alight = smoothstep(0.0, 0.08, progress) * (1.0 - smoothstep(0.92, 1.0, progress));
    vec3 paper_c = old.rgb * mix(1.0, 0.08, char_ * alight);
    float gone = smoothstep(0.012, -0.012, away);
    vec3 c = mix(paper_c, young.rgb, gone);
    c += alight * fire.rgb * (0.55 * heat + 0.9 * ember) + alight * vec3(0.9, 0.7, 0.4) * ember * ember * 0.6;
    gl_FragColor = vec4(min(c, 1.0), mix(old.a, young.a, gone));
}
