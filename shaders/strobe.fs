/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "A stroboscope that keeps to the beat; the flash limiter at the end of the picture holds it to three a second.",
  "CATEGORIES": ["Filter", "Beat", "Light"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 1.0, "IDENTITY": 0.0},
    {"NAME": "rate", "TYPE": "float", "MIN": 0.25, "MAX": 8.0, "DEFAULT": 2.0, "LABEL": "flashes a beat"},
    {"NAME": "length", "TYPE": "float", "MIN": 0.05, "MAX": 0.95, "DEFAULT": 0.4, "LABEL": "share of the time that is lit"},
    {"NAME": "push", "TYPE": "float", "MIN": 0.0, "MAX": 2.0, "DEFAULT": 0.25, "LABEL": "how much brighter the flash is"},
    {"NAME": "dark", "TYPE": "color", "DEFAULT": [0.0, 0.0, 0.0, 1.0]}
  ]
}*/

uniform float beat;

void main() {
    vec4 base = IMG_THIS_PIXEL(inputImage);
    float place = fract(beat * rate);
    // A lamp glows out: hard at its beginning, soft at its end.
    float lit = 1.0 - smoothstep(0.75 * length, length, place);
    vec3 bright = min(base.rgb * (1.0 + push * lit), 1.0);
    vec3 c = mix(dark.rgb, bright, lit);
    gl_FragColor = vec4(mix(base.rgb, c, amount), base.a);
}
