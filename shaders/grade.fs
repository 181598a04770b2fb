/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "A colourist's desk: warmth, lift, gamma, gain, and colour where there is little of it.",
  "CATEGORIES": ["Filter", "Colour"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "warmth", "TYPE": "float", "MIN": -1.0, "MAX": 1.0, "DEFAULT": 0.15, "IDENTITY": 0.0},
    {"NAME": "tint", "TYPE": "float", "MIN": -1.0, "MAX": 1.0, "DEFAULT": 0.0, "IDENTITY": 0.0, "LABEL": "green to magenta"},
    {"NAME": "lift", "TYPE": "float", "MIN": -0.5, "MAX": 0.5, "DEFAULT": 0.0, "IDENTITY": 0.0},
    {"NAME": "gamma", "TYPE": "float", "MIN": 0.3, "MAX": 3.0, "DEFAULT": 1.0, "IDENTITY": 1.0},
    {"NAME": "gain", "TYPE": "float", "MIN": 0.0, "MAX": 3.0, "DEFAULT": 1.0, "IDENTITY": 1.0},
    {"NAME": "vibrance", "TYPE": "float", "MIN": -1.0, "MAX": 2.0, "DEFAULT": 0.35, "IDENTITY": 0.0},
    {"NAME": "split", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.6, "IDENTITY": 0.0, "LABEL": "teal shadows and orange lights"}
  ]
}*/

float light(vec3 c) { return dot(c, vec3(0.2126, 0.7152, 0.0722)); }

void main() {
    vec4 base = IMG_THIS_PIXEL(inputImage);
    vec3 c = base.rgb;
    c *= vec3(1.0 + 0.25 * warmth + 0.08 * tint, 1.0 + 0.02 * warmth - 0.14 * tint, 1.0 - 0.28 * warmth + 0.08 * tint);
    c = gain * c + lift * (1.0 - c);
    c = pow(max(c, 0.0), vec3(1.0 / gamma));
    // Vibrance gives most to what is pale, so that skin and neon do not burn.
    float high = max(c.r, max(c.g, c.b)), low = min(c.r, min(c.g, c.b)), pale = 1.0 - clamp(high - low, 0.0, 1.0);
    float l = light(c);
    c = mix(vec3(l), c, 1.0 + vibrance * (vibrance > 0.0 ? pale : 1.0));
    float shade = 1.0 - smoothstep(0.0, 0.6, l), lit = smoothstep(0.35, 1.0, l);
    c += split * (shade * vec3(-0.06, 0.03, 0.09) + lit * vec3(0.10, 0.02, -0.10));
    gl_FragColor = vec4(clamp(c, 0.0, 1.0), base.a);
}
