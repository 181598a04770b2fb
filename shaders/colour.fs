/*{
  "ISFVSN": "2",
  "CREDIT": "Liquidlight",
  "DESCRIPTION": "Hue, saturation, contrast and brightness.",
  "CATEGORIES": ["Filter", "Colour"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "hue", "TYPE": "float", "MIN": -1.0, "MAX": 1.0, "DEFAULT": 0.0, "IDENTITY": 0.0,
     "LABEL": "hue shift, turns"},
    {"NAME": "saturation", "TYPE": "float", "MIN": 0.0, "MAX": 3.0, "DEFAULT": 1.0, "IDENTITY": 1.0},
    {"NAME": "contrast", "TYPE": "float", "MIN": 0.0, "MAX": 3.0, "DEFAULT": 1.0, "IDENTITY": 1.0},
    {"NAME": "brightness", "TYPE": "float", "MIN": -1.0, "MAX": 1.0, "DEFAULT": 0.0, "IDENTITY": 0.0}
  ]
}*/

// Turns a colour about the grey axis (Rodrigues' rotation).
vec3 turned(vec3 c, float turns) {
    const vec3 grey = vec3(0.57735026919);
    float a = 6.28318530718 * turns;
    return c * cos(a) + cross(grey, c) * sin(a) + grey * dot(grey, c) * (1.0 - cos(a));
}

void main() {
    vec4 base = IMG_THIS_PIXEL(inputImage);
    vec3 c = turned(base.rgb, hue);
    c = mix(vec3(dot(c, vec3(0.2126, 0.7152, 0.0722))), c, saturation);
    c = (c - 0.5) * contrast + 0.5 + brightness;
    gl_FragColor = vec4(clamp(c, 0.0, 1.0), base.a);
}
