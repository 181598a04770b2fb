/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "A screen print: few tones, clean edges, the hue kept and made stronger.",
  "CATEGORIES": ["Filter", "Stylize"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 1.0, "IDENTITY": 0.0},
    {"NAME": "tones", "TYPE": "float", "MIN": 2.0, "MAX": 10.0, "DEFAULT": 4.0},
    {"NAME": "ink", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5, "LABEL": "dark lines between the tones"},
    {"NAME": "saturation", "TYPE": "float", "MIN": 0.0, "MAX": 3.0, "DEFAULT": 1.5}
  ]
}*/

float light(vec3 c) { return dot(c, vec3(0.2126, 0.7152, 0.0722)); }

vec3 at(vec2 uv) { return IMG_NORM_PIXEL(inputImage, uv).rgb; }

// A little blur first: paint runs together, and grain does not become speckles.
vec3 smoothed(vec2 uv) {
    vec2 d = vec2(RENDERSIZE.y / RENDERSIZE.x, 1.0) / 260.0;
    return 0.2 * (at(uv) + at(uv + vec2(d.x, 0.0)) + at(uv - vec2(d.x, 0.0))
                + at(uv + vec2(0.0, d.y)) + at(uv - vec2(0.0, d.y)));
}

void main() {
    vec4 base = IMG_THIS_PIXEL(inputImage);
    vec3 c = smoothed(isf_FragNormCoord);
    float l = max(light(c), 0.002), n = floor(tones + 0.5) - 1.0;
    float place = pow(l, 0.8) * n, step_ = floor(place + 0.5);
    float tone = pow(step_ / n, 1.0 / 0.8);
    vec3 hue = mix(vec3(1.0), c / l, saturation);
    vec3 print_ = clamp(hue * mix(0.03, 1.0, tone), 0.0, 1.0);
    // The line runs where the tone is undecided, as wide as the picture is flat there.
    float d = abs(abs(place - step_) - 0.5) / max(fwidth(place), 0.004);
    float line = ink * smoothstep(0.03, 0.09, fwidth(place)) * smoothstep(1.6, 0.3, d) * smoothstep(0.45, 0.6, place);
    print_ *= 1.0 - 0.85 * line;
    gl_FragColor = vec4(mix(base.rgb, print_, amount), base.a);
}
