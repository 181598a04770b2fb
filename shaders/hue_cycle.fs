/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "All colours travel round the wheel, on by a step with each beat.",
  "CATEGORIES": ["Filter", "Colour", "Beat"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 1.0, "IDENTITY": 0.0},
    {"NAME": "speed", "TYPE": "float", "MIN": -1.0, "MAX": 1.0, "DEFAULT": 0.03, "LABEL": "turns a second"},
    {"NAME": "step", "TYPE": "float", "MIN": 0.0, "MAX": 0.5, "DEFAULT": 0.083, "LABEL": "turns a beat"},
    {"NAME": "spread", "TYPE": "float", "MIN": -2.0, "MAX": 2.0, "DEFAULT": 0.35, "LABEL": "turns across the picture"}
  ]
}*/

uniform float beat;

// Turns a colour about the grey axis (Rodrigues' rotation), and keeps it in the cube.
vec3 turned(vec3 c, float turns) {
    const vec3 grey = vec3(0.57735026919);
    float a = 6.28318530718 * turns;
    return c * cos(a) + cross(grey, c) * sin(a) + grey * dot(grey, c) * (1.0 - cos(a));
}

void main() {
    vec4 base = IMG_THIS_PIXEL(inputImage);
    float stride = floor(beat) + smoothstep(0.0, 0.25, fract(beat));
    vec2 p = isf_FragNormCoord - 0.5;
    float turns = TIME * speed + step * stride + spread * length(p);
    float l = dot(base.rgb, vec3(0.2126, 0.7152, 0.0722));
    vec3 c = turned(base.rgb, turns);
    c += l - dot(c, vec3(0.2126, 0.7152, 0.0722));
    c = mix(vec3(l), c, 1.15);
    gl_FragColor = vec4(mix(base.rgb, clamp(c, 0.0, 1.0), amount), base.a);
}
