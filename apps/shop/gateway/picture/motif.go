package picture

// vessels are two or three jugs and bowls on a table.
func (d *drawing) vessels() {
	const table = 236
	d.add(`<rect y="%d" width="%d" height="%d" fill="%s" opacity=".35"/>`, table, Width, Height-table, d.light)
	colours := []string{d.dark, d.middle, d.light}
	d.chance.Shuffle(len(colours), func(i, j int) { colours[i], colours[j] = colours[j], colours[i] })
	count := d.between(2, 4)
	for i := range count {
		x := Width/2 + (2*i-count+1)*52
		d.vessel(x, table+d.between(4, 22), d.between(70, 165), colours[i])
	}
}

// vessel is a figure turned on a wheel: foot, belly, neck and lip are as wide to the left as to the right.
func (d *drawing) vessel(x, foot, height int, fill string) {
	bottom, belly, neck, lip := d.between(18, 30), d.between(34, 50), d.between(12, 30), d.between(16, 34)
	top, middle, throat := foot-height, foot-height*2/5, foot-height*4/5
	d.add(`<ellipse cx="%d" cy="%d" rx="%d" ry="7" fill="%s" opacity=".18"/>`, x+8, foot+1, belly, d.dark)
	d.path(fill, "M%d %d C%d %d %d %d %d %d S%d %d %d %d H%d C%d %d %d %d %d %d S%d %d %d %d Z",
		x-bottom, foot,
		x-belly-8, foot-height/8, x-belly, middle, x-neck-(belly-neck)/3, middle-(middle-throat)/2,
		x-neck, throat, x-lip, top,
		x+lip,
		x+neck, throat, x+neck+2, throat, x+neck+(belly-neck)/3, middle-(middle-throat)/2,
		x+belly+8, foot-height/8, x+bottom, foot)
}

// hills are three ridges below a sun.
func (d *drawing) hills() {
	d.circle(d.between(80, 320), d.between(64, 110), d.between(26, 44), d.middle)
	for i, fill := range []string{d.light, d.dark, d.middle} {
		y := 150 + 46*i + d.between(-8, 8)
		a, b := d.between(30, 80), d.between(30, 80)
		opacity := []string{".8", "1", ".9"}[i]
		d.add(`<path fill="%s" opacity="%s" d="M0 %d C90 %d 150 %d 220 %d S350 %d 400 %d V300 H0 Z"/>`,
			fill, opacity, y+20, y-a, y+b, y, y-b, y+10)
	}
}

// tiles are a floor of quarter circles, each turned as chance has it.
func (d *drawing) tiles() {
	const side = 100
	for row := range Height / side {
		for column := range Width / side {
			x, y := column*side, row*side
			if d.chance.IntN(4) == 0 {
				d.circle(x+side/2, y+side/2, 30, d.colour())
				continue
			}
			d.add(`<path fill="%s" transform="translate(%d %d) rotate(%d)" d="M-50 -50 H50 A100 100 0 0 1 -50 50 Z"/>`,
				d.colour(), x+side/2, y+side/2, 90*d.chance.IntN(4))
		}
	}
}

// arcs are rainbows of three colours, one large and one small.
func (d *drawing) arcs() {
	d.rainbow(d.between(110, 180), 236, 104)
	d.rainbow(d.between(280, 320), 236, 62)
	d.path(d.dark, "M0 236 H400 V300 H0 Z")
}

func (d *drawing) rainbow(x, y, r int) {
	for i, fill := range []string{d.middle, d.ground, d.light, d.ground, d.dark} {
		inner := r - i*r/6
		d.path(fill, "M%d %d A%d %d 0 0 1 %d %d Z", x-inner, y, inner, inner, x+inner, y)
	}
}

// leaves are a twig with pairs of leaves.
func (d *drawing) leaves() {
	d.circle(Width/2, Height/2, 118, d.light)
	d.add(`<path d="M200 262 V62" stroke="%s" stroke-width="4" stroke-linecap="round"/>`, d.dark)
	tilt, length := d.between(24, 50), d.between(64, 86)
	for i := range 5 {
		y, size := 232-36*i, length-9*i
		fill := []string{d.dark, d.middle}[i%2]
		for _, turn := range []int{-tilt, 180 + tilt} {
			d.add(`<path fill="%s" transform="translate(200 %d) rotate(%d)" d="M0 0 Q%d -%d %d 0 Q%d %d 0 0 Z"/>`,
				fill, y, turn, size/2, size/3, size, size/2, size/3)
		}
	}
}
